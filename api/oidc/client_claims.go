package oidc

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ClaimRow is a row of client_claims: one source of a claim that a client gets of its users beside those of scopes. It has a constant
// Value, or one of the three that begin with From; FromGroup may have a Value, too, which is what its members get.
type ClaimRow struct {
	Position        int             `json:"position"`
	Claim           string          `json:"claim"`
	Value           json.RawMessage `json:"value,omitempty"`
	FromField       string          `json:"from_field,omitempty"`
	FromGroup       string          `json:"from_group,omitempty"`
	FromGroupPrefix string          `json:"from_group_prefix,omitempty"`
	KeepPrefix      bool            `json:"keep_prefix"`
	Shape           string          `json:"shape"`           // ShapeSingle or ShapeList
	InAccessToken   bool            `json:"in_access_token"` // as well as in the ID token and userinfo
}

// What a claim of client_claims looks like. One of which any row says list is a list.
const (
	ShapeSingle = "single" // what the first row makes that makes anything; left out if none does
	ShapeList   = "list"   // what all rows make, each text once; empty if none makes anything
)

// ReadRow is what a row of client_claims makes of a user: values, or why there are none.
type ReadRow struct {
	ClaimRow
	Values []any
	Why    string
}

// notForRows are the claims that rows of client_claims cannot make, beside those of reserved and of the table claims: is_protocol_claim
// and is_standard_claim in the schema.
var notForRows = []string{"sub_jwk", "toe", "txn", "authorization_details", "_claim_names", "_claim_sources", "active", "username",
	"token_type"}

// NotForRows returns all of them, those of reserved and of the table, too.
func NotForRows() []string {
	list := slices.Concat(notForRows, slices.Collect(maps.Keys(reserved)))
	for _, c := range claims {
		list = append(list, c.name)
	}
	return list
}

// MayBeClaimOfClient reports whether a row of client_claims can make a claim of this name.
func MayBeClaimOfClient(name string) bool {
	return !isOurs(name) && !slices.ContainsFunc(notForRows, func(known string) bool { return strings.EqualFold(name, known) })
}

// ReadClaimRows returns what each row of the client makes of u. Rows that read a field need what any client needs for it: the scope that
// releases it, or clients.released_claims; so a row tells nobody who a person is who would not be told without it. Values and groups are
// for an administrator to give.
func (c *Client) ReadClaimRows(u *User, scope string) []ReadRow {
	list := make([]ReadRow, 0, len(c.ClaimRows))
	decided := map[string]int{} // single claims, and the row that has made each
	for _, row := range c.ClaimRows {
		read := ReadRow{ClaimRow: row}
		switch by := decided[row.Claim]; {
		case !MayBeClaimOfClient(row.Claim): // the schema refuses it
			read.Why = "the claim is not one that a row can make"
		case by > 0:
			read.Why = fmt.Sprintf("row %d has made it", by)
		default:
			read.Values, read.Why = row.read(c, u, scope)
		}
		if len(read.Values) > 0 && !c.isList(row.Claim) {
			decided[row.Claim] = row.Position
		}
		list = append(list, read)
	}
	return list
}

// RowClaims returns the claims that the rows of the client make of u: those of its ID tokens, userinfo and introspection, or of its
// access tokens.
func (c *Client) RowClaims(u *User, scope string, accessToken bool) map[string]any {
	if len(c.ClaimRows) == 0 { // most clients
		return nil
	}
	out, seen := map[string]any{}, map[[2]string]bool{}
	for _, row := range c.ReadClaimRows(u, scope) {
		switch {
		case !MayBeClaimOfClient(row.Claim) || accessToken && !c.inAccessToken(row.Claim):
		case c.isList(row.Claim):
			list, _ := out[row.Claim].([]any)
			out[row.Claim] = appendNew(list, row, seen)
		case len(row.Values) > 0:
			out[row.Claim] = row.Values[0]
		}
	}
	return out
}

// addRowClaims adds those of RowClaims to claims, in place of any of such a name, in whichever case (see isOurs).
func (c *Client) addRowClaims(claims map[string]any, u *User, scope string) {
	for name, value := range c.RowClaims(u, scope, false) {
		maps.DeleteFunc(claims, func(other string, _ any) bool { return strings.EqualFold(other, name) })
		claims[name] = value
	}
}

func (c *Client) isList(claim string) bool {
	return slices.ContainsFunc(c.ClaimRows, func(r ClaimRow) bool { return r.Claim == claim && r.Shape == ShapeList })
}

// inAccessToken is asked of the claim rather than of the row, so that an access token never has another value than the ID token.
func (c *Client) inAccessToken(claim string) bool {
	return slices.ContainsFunc(c.ClaimRows, func(r ClaimRow) bool { return r.Claim == claim && r.InAccessToken })
}

// read returns what the row makes of u, or why it makes nothing.
func (r *ClaimRow) read(c *Client, u *User, scope string) (values []any, why string) {
	switch {
	case r.FromField != "":
		return r.readField(c, u, scope)
	case r.FromGroupPrefix != "":
		for _, group := range u.Groups {
			rest, is := strings.CutPrefix(group, r.FromGroupPrefix)
			switch {
			case is && r.KeepPrefix:
				values = append(values, group)
			case is && rest != "":
				values = append(values, rest)
			}
		}
		if values == nil {
			why = "in no such group"
		}
		return values, why
	case r.FromGroup != "" && !slices.Contains(u.Groups, r.FromGroup):
		return nil, "not in the group"
	case r.FromGroup != "" && !r.hasValue():
		return []any{r.FromGroup}, ""
	case !r.hasValue():
		return nil, "there is no value"
	}
	return r.constant(), ""
}

func (r *ClaimRow) hasValue() bool { return len(r.Value) > 0 && string(r.Value) != "null" }

// constant returns the value of the row; the members of an array are several, for a list.
func (r *ClaimRow) constant() []any {
	var text string
	var several []json.RawMessage
	switch {
	case json.Unmarshal(r.Value, &text) == nil:
		return []any{text}
	case r.Shape == ShapeList && json.Unmarshal(r.Value, &several) == nil:
		var list []any
		for _, one := range several {
			if one := (ClaimRow{Value: one}); one.hasValue() {
				list = append(list, one.constant()...)
			}
		}
		return list
	}
	return []any{r.Value}
}

func (r *ClaimRow) readField(c *Client, u *User, scope string) (values []any, why string) {
	name := r.FromField
	if name == "username" {
		name = "preferred_username"
	}
	releases := scopeOfClaim(name)
	switch {
	case releases == "":
		return nil, "only the protocol sets it"
	case !HasScope(scope, releases) && !slices.Contains(c.ReleasedClaims, name):
		return nil, "the scope " + releases + ", which releases " + name + ", is not there"
	}
	value, known := u.Custom[name], false
	for _, standard := range claims {
		if standard.name == name {
			value, known = standard.read(u), true
		}
	}
	switch several := value.(type) {
	case []string:
		for _, one := range several {
			values = append(values, one)
		}
	case []any:
		values = several
	default:
		if !isEmpty(value) {
			values = []any{value}
		}
	}
	if len(values) == 0 {
		why = "the person has none"
		if !known {
			why = "the person has none in users.claims"
		}
	}
	return values, why
}

// appendNew appends to list the values of row, but a text that was seen in the claim before. It never returns nil.
func appendNew(list []any, row ReadRow, seen map[[2]string]bool) []any {
	if list == nil {
		list = []any{}
	}
	for _, value := range row.Values {
		text, is := value.(string)
		if is && seen[[2]string{row.Claim, text}] {
			continue
		}
		if is {
			seen[[2]string{row.Claim, text}] = true
		}
		list = append(list, value)
	}
	return list
}
