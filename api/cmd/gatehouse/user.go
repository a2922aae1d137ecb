package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Add a user; asks for the password, or reads it from standard input."`
	Import  userImportCmd  `cmd:"" help:"Add the people of a roster, with a link each, and make all members of a group."`
	Passwd  userPasswdCmd  `cmd:"" help:"Set a user's password."`
	List    userListCmd    `cmd:"" help:"List the users."`
	Tokens  userTokensCmd  `cmd:"" help:"List a user's personal access tokens."`
	Factors userFactorsCmd `cmd:"" help:"Show what a user has set up beside a password."`
	Passkey plugged        `cmd:"" help:"See a user's passkeys, and remove them."`
	kong.Plugins
}

type userAddCmd struct {
	Username      string   `arg:"" help:"A Unix name in lower case, unless docs/sql.md has set another rule."`
	Email         string   `placeholder:"ADDRESS"`
	EmailVerified bool     `help:"The address is known to be the user's."`
	Name          string   `help:"Full name."`
	GivenName     string   `placeholder:"NAME" help:"First name."`
	FamilyName    string   `placeholder:"NAME" help:"Surname."`
	Picture       string   `placeholder:"URL" help:"Address of a picture."`
	Zoneinfo      string   `placeholder:"ZONE" help:"Time zone, such as Europe/Paris."`
	Locale        string   `placeholder:"TAG" help:"Language, such as de-AT."`
	Group         []string `sep:"none" placeholder:"GROUP" help:"Member of this group; may be repeated."`

	Until     *time.Time `placeholder:"DATE" help:"When these memberships end, such as 2027-03-01."`
	ExpiresAt *time.Time `placeholder:"DATE" help:"When the account ends, such as 2027-03-01."`

	UID   *int64 `name:"uid" placeholder:"NUMBER" help:"Number on machines; the next one if there is a range."`
	GID   *int64 `name:"gid" placeholder:"NUMBER" help:"That of a group; else one of the user's own, of the number uid."`
	Home  string `placeholder:"PATH" help:"Folder on machines."`
	Shell string `placeholder:"PATH" help:"What a terminal runs there."`

	Sub           string `placeholder:"ID" help:"Subject identifier, to keep the one of another provider. It never changes."`
	PasswordStdin bool   `help:"Read the password from standard input, even on a terminal."`
	HashStdin     bool   `help:"Read the hash of a password from standard input, of another system: docs/sql.md has the forms."`
	MustChange    bool   `help:"The user has to choose another password at the first sign-in."`
	NoPassword    bool   `help:"The user cannot sign in with a password."`

	Claims json.RawMessage `placeholder:"JSON" help:"More claims, as a JSON object or a file with one."`
}

func (c userAddCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) (err error) {
		in := admin.AddUser{Username: c.Username, Sub: c.Sub, Name: c.Name, GivenName: c.GivenName, FamilyName: c.FamilyName,
			Email: c.Email, EmailVerified: c.EmailVerified, Picture: c.Picture, Zoneinfo: c.Zoneinfo, Locale: c.Locale, Claims: c.Claims,
			Groups: c.Group, Until: c.Until, ExpiresAt: c.ExpiresAt, MustChange: c.MustChange,
			UID: c.UID, GID: c.GID, Home: c.Home, Shell: c.Shell}
		switch {
		case c.HashStdin:
			in.PasswordHash, err = a.readHash()
		case !c.NoPassword:
			in.Password, err = a.newPassword(ctx, c.PasswordStdin)
		}
		if err != nil {
			return err
		}
		added, err := adm.AddUser(ctx, in)
		return a.done(added, err, "added user %s with sub %s\n", added.Username, added.Sub)
	})
}

type userPasswdCmd struct {
	Username      string `arg:""`
	PasswordStdin bool   `help:"Read the password from standard input, even on a terminal."`
	MustChange    bool   `help:"The user has to choose another one at the next sign-in."`
	KeepSessions  bool   `help:"Neither the user's sessions end, nor what applications hold."`
	SignOut       bool   `help:"Also revoke the user's tokens, and unlink accounts that were linked since the former password was set."`
}

func (c userPasswdCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		password, err := a.newPassword(ctx, c.PasswordStdin)
		if err != nil {
			return err
		}
		done, err := adm.SetPassword(ctx, admin.SetPassword{Username: c.Username, Password: password,
			MustChange: c.MustChange, KeepSessions: c.KeepSessions, SignOut: c.SignOut})
		said := fmt.Sprintf("set the password of %s\n", c.Username)
		for _, account := range done.Unlinked {
			said += fmt.Sprintf("unlinked %s\n", account)
		}
		return a.done(done, err, "%s", said)
	})
}

type userListCmd struct {
	Search string `placeholder:"TEXT" help:"Only those who have this in their username, name or address."`
	Group  string `placeholder:"GROUP" help:"Only members of this group."`
	Ending string `placeholder:"30d" help:"Only those whose account ends within this time."`
}

func (c userListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[admin.User], error) {
			return adm.ListUsers(ctx, admin.ListUsers{Paging: p, Search: c.Search, Group: c.Group, Ending: c.Ending})
		})
		return printList(a, list, []string{"USERNAME", "NAME", "EMAIL", "GROUPS", "STATE", "SUB"}, func(u admin.User) []string {
			name := cmp.Or(u.Name, strings.TrimSpace(u.GivenName+" "+u.FamilyName))
			return []string{u.Username, name, u.Email, strings.Join(u.Groups, " "), stateOf(u), u.Sub}
		})
	})
}

// stateOf is what becomes of a user's account.
func stateOf(u admin.User) string {
	switch {
	case u.DisabledAt != nil || u.ExpiresAt == nil:
		return state(u.DisabledAt)
	case time.Now().Before(*u.ExpiresAt):
		return "enabled until " + day(u.ExpiresAt)
	}
	return "ended " + day(u.ExpiresAt)
}

type userTokensCmd struct {
	Username string `arg:""`
}

func (c userTokensCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list := walk(func(p admin.Paging) (admin.Page[admin.PersonalAccessToken], error) {
			return adm.ListPersonalAccessTokens(ctx, admin.ListPersonalAccessTokens{Paging: p, Username: c.Username})
		})
		head := []string{"ID", "NAME", "SCOPE", "CREATED", "EXPIRES", "USED", "REVOKED"}
		return printList(a, list, head, func(t admin.PersonalAccessToken) []string {
			return []string{t.ID, t.Name, t.Scope, day(&t.CreatedAt), day(&t.ExpiresAt), day(t.UsedAt), day(t.RevokedAt)}
		})
	})
}

type userFactorsCmd struct {
	Username string `arg:""`
}

func (c userFactorsCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		f, err := adm.ListFactors(ctx, admin.Username{Username: c.Username})
		switch {
		case err != nil:
			return err
		case a.json:
			return printJSON(a.stdout, f)
		}
		codes := "none"
		if f.TOTPSince != nil {
			codes = "since " + day(f.TOTPSince)
			if f.TOTPUsedAt != nil {
				codes += ", last used " + day(f.TOTPUsedAt)
			}
		}
		_, err = fmt.Fprintf(a.stdout, "one-time codes: %s\npasskeys: %d\nrecovery codes left: %d\n", codes, f.Passkeys, f.RecoveryCodes)
		return err
	})
}
