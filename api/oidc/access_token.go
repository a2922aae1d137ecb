package oidc

import (
	"bytes"
	"encoding/json"
	"time"
)

// AccessToken is what an access token of a grant is made of.
type AccessToken struct {
	Issuer   string
	ID       string // its jti
	Subject  string // of the user at the client
	Client   *Client
	User     *User
	Grant    *Grant
	Scope    string   // the grant's, or less
	Audience Audience // the services that it is for
	JKT      string   // of the key that it is bound to; "" for none
	IssuedAt time.Time
	Expiry   time.Time
}

// Claims returns the claims of an access token (RFC 9068 §2.2).
func (t AccessToken) Claims() AccessTokenClaims {
	out := AccessTokenClaims{Issuer: t.Issuer, Subject: t.Subject, Audience: t.Audience, Expiry: t.Expiry.Unix(), IssuedAt: t.IssuedAt.Unix(),
		ID: t.ID, ClientID: t.Client.ClientID, Scope: t.Scope, Confirmation: ConfirmationOf(t.JKT),
		AuthTime: t.Grant.AuthTime.Unix(), ACR: t.Grant.ACRAt(t.Client), GrantID: t.Grant.ID}
	out.AddUser(t.Client, t.User)
	return out
}

// AddUser adds what the token says of its user beside the sub: the groups, if they are in its scope, and what the rows of the client
// that gets it make.
func (c *AccessTokenClaims) AddUser(client *Client, u *User) {
	if HasScope(c.Scope, "groups") {
		c.Groups = u.Groups
	}
	c.Rows = client.RowClaims(u, c.Scope, true)
}

// Payload returns what is signed.
func (c *AccessTokenClaims) Payload() any {
	if len(c.Rows) == 0 { // most tokens
		return c
	}
	return withRows{*c}
}

// withRows are claims with those of Rows.
type withRows struct{ AccessTokenClaims }

// MarshalJSON writes the rows' claims before the others: MayBeClaimOfClient has none of the same name.
func (a withRows) MarshalJSON() ([]byte, error) {
	rows, err := json.Marshal(a.Rows)
	if err != nil {
		return nil, err
	}
	own, err := json.Marshal(a.AccessTokenClaims)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{rows[:len(rows)-1], own[1:]}, []byte(",")), nil
}
