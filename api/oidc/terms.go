package oidc

import (
	"slices"
	"time"
)

// TermsOfUse are a version of what people have to accept before they go on, a row of terms without its words.
type TermsOfUse struct {
	ID             string     `json:"id"`
	Name           string     `json:"name"`
	Version        string     `json:"version"`
	Groups         []string   `json:"groups"`           // members of one are asked; empty: everybody
	Clients        []string   `json:"clients"`          // where; empty: everywhere, and on the account page
	SignAgainAfter int        `json:"sign_again_after"` // days; 0: never
	InForceFrom    time.Time  `json:"in_force_from"`
	EndedAt        *time.Time `json:"ended_at"` // nil: they have no end
}

// Acceptance is when somebody accepted terms last, and the address that names these.
type Acceptance struct {
	At  time.Time `json:"at"`
	URI string    `json:"uri"` // "": they have none
}

// Acceptances are those of one person, by TermsOfUse.ID.
type Acceptances map[string]Acceptance

// With returns them with one more.
func (a Acceptances) With(id string, at time.Time) Acceptances {
	more := Acceptances{id: {At: at}}
	for other, acceptance := range a {
		if other != id {
			more[other] = acceptance
		}
	}
	return more
}

// addresses is the claim voperson_policy_agreement (voPerson 2.0): the addresses of all that the person accepted, nil for none.
func (a Acceptances) addresses() any {
	var list []string
	for _, acceptance := range a {
		if acceptance.URI != "" && !slices.Contains(list, acceptance.URI) {
			list = append(list, acceptance.URI)
		}
	}
	if list == nil {
		return nil
	}
	slices.Sort(list)
	return list
}

// inForce returns the terms that count at a time: of each name those that came into force last, unless they have ended.
func (p Policy) inForce(now time.Time) (list []TermsOfUse) {
	for i, t := range p.Terms {
		replaced := slices.ContainsFunc(p.Terms[i+1:], func(later TermsOfUse) bool {
			return later.Name == t.Name && !now.Before(later.InForceFrom)
		})
		if !replaced && !now.Before(t.InForceFrom) && (t.EndedAt == nil || now.Before(*t.EndedAt)) {
			list = append(list, t)
		}
	}
	return list
}

// Unaccepted returns the first terms in force that the person has to accept, or accept again, before they go on to the client or, without
// one, to their account; nil for none.
func (r AuthorizeRequest) Unaccepted(c *Client, s Standing, now time.Time) *TermsOfUse {
	for _, t := range c.Policy.inForce(now) {
		if t.asks(c, s.User) && !t.acceptedBy(s.User, now) {
			return &t
		}
	}
	return nil
}

// asks reports whether the terms are for this person at this client.
func (t TermsOfUse) asks(c *Client, u *User) bool {
	return (len(t.Clients) == 0 || slices.Contains(t.Clients, c.ClientID)) &&
		(len(t.Groups) == 0 || slices.ContainsFunc(u.Groups, func(group string) bool { return slices.Contains(t.Groups, group) }))
}

func (t TermsOfUse) acceptedBy(u *User, now time.Time) bool {
	accepted, found := u.Accepted[t.ID]
	return found && (t.SignAgainAfter == 0 || now.Before(accepted.At.Add(time.Duration(t.SignAgainAfter)*24*time.Hour)))
}
