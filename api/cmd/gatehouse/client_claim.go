package main

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// clientClaimCmd is about claims that a client gets of its users beside those of scopes (client_claims).
type clientClaimCmd struct {
	Add  clientClaimAddCmd  `cmd:"" help:"Give a client a claim of its users: a constant, a field, or from their groups."`
	Set  clientClaimSetCmd  `cmd:"" help:"Change what is named of a row; an empty value clears."`
	List clientClaimListCmd `cmd:"" help:"List the rows that make a client's claims."`
	kong.Plugins
}

type clientClaimAddCmd struct {
	ID    string `arg:"" name:"id" help:"client_id."`
	Claim string `arg:"" help:"Its name, such as policy or roles."`

	Value           string `help:"JSON, or text as it is; for everybody, or with --from-group for its members."`
	FromField       string `placeholder:"FIELD" help:"username, another column of users, or a member of users.claims."`
	FromGroup       string `placeholder:"GROUP" help:"This group, exactly."`
	FromGroupPrefix string `placeholder:"PREFIX" help:"Groups whose names begin with it: what follows."`
	KeepPrefix      bool   `help:"The whole name of the group instead."`
	Shape           string `enum:"single,list" default:"single" help:"What the claim looks like (${enum})."`
	InAccessToken   bool   `help:"In access tokens, too, where every service that is sent one reads it."`
	Position        int    `help:"Among the client's rows, 1 to 50; after the others unless given."`
}

func (c clientClaimAddCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		added, err := adm.AddClientClaim(ctx, admin.AddClientClaim{ClientID: c.ID, Claim: c.Claim, Value: jsonOrText(c.Value),
			FromField: c.FromField, FromGroup: c.FromGroup, FromGroupPrefix: c.FromGroupPrefix, KeepPrefix: c.KeepPrefix, Shape: c.Shape,
			InAccessToken: c.InAccessToken, Position: c.Position})
		return a.done(added, err, "added row %d of claim %s to client %s\n", added.Position, added.Claim, c.ID)
	})
}

type clientClaimSetCmd struct {
	ID       string `arg:"" name:"id" help:"client_id."`
	Position int    `arg:"" help:"As client claim list has it."`

	Claim           *string `help:"Another name."`
	Value           *string `help:"JSON, or text as it is; for everybody, or with --from-group for its members."`
	FromField       *string `placeholder:"FIELD" help:"username, another column of users, or a member of users.claims."`
	FromGroup       *string `placeholder:"GROUP" help:"This group, exactly."`
	FromGroupPrefix *string `placeholder:"PREFIX" help:"Groups whose names begin with it: what follows."`
	KeepPrefix      *bool   `negatable:"" help:"The whole name of the group instead."`
	Shape           *string `help:"What the claim looks like: single or list."`
	InAccessToken   *bool   `negatable:"" help:"In access tokens, too, where every service that is sent one reads it."`
	NewPosition     *int    `help:"Another place among the client's rows, 1 to 50."`
}

func (c clientClaimSetCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		in := admin.SetClientClaim{ClientID: c.ID, Position: c.Position, NewPosition: c.NewPosition, Claim: c.Claim, FromField: c.FromField,
			FromGroup: c.FromGroup, FromGroupPrefix: c.FromGroupPrefix, KeepPrefix: c.KeepPrefix, Shape: c.Shape,
			InAccessToken: c.InAccessToken}
		if c.Value != nil {
			value := jsonOrText(*c.Value)
			in.Value = &value
		}
		out, err := adm.SetClientClaim(ctx, in)
		return a.done(out, err, "changed row %d of client %s\n", c.Position, c.ID)
	})
}

// jsonOrText returns a value as JSON: what is none is a text. nil for "".
func jsonOrText(value string) json.RawMessage {
	switch {
	case value == "":
		return nil
	case json.Valid([]byte(value)):
		return json.RawMessage(value)
	}
	text, _ := json.Marshal(value) // of a string it cannot fail
	return text
}

type clientClaimListCmd struct {
	ID string `arg:"" name:"id" help:"client_id."`
}

func (c clientClaimListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[admin.ClientClaim], error) {
			return adm.ListClientClaims(ctx, admin.ListClientClaims{Paging: p, ClientID: c.ID})
		})
		head := []string{"POSITION", "CLAIM", "FROM", "VALUE", "SHAPE", "IN_ACCESS_TOKEN"}
		return printList(a, list, head, func(r admin.ClientClaim) []string {
			return []string{strconv.Itoa(r.Position), r.Claim, sourceOf(r), string(r.Value), r.Shape, strconv.FormatBool(r.InAccessToken)}
		})
	})
}

// sourceOf says what a row reads; "" for a constant.
func sourceOf(r admin.ClientClaim) string {
	switch {
	case r.FromField != "":
		return "field " + r.FromField
	case r.FromGroup != "":
		return "group " + r.FromGroup
	case r.KeepPrefix:
		return "groups " + r.FromGroupPrefix + "…, whole names"
	case r.FromGroupPrefix != "":
		return "groups " + r.FromGroupPrefix + "…"
	}
	return ""
}

type claimsCmd struct {
	ClientID string `arg:"" name:"client_id"`
	Username string `arg:""`
	Scope    string `help:"What the client asks for; all that it may have unless given."`
}

func (c claimsCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, config.ForTemplate, func(_ *config.Config, adm *admin.Admin) error {
		out, err := adm.Claims(ctx, admin.Claims{ClientID: c.ClientID, Username: c.Username, Scope: c.Scope})
		if err != nil {
			return err
		}
		return printJSON(a.stdout, out)
	})
}
