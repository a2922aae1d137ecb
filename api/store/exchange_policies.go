package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Exchange is what a client needs that exchanges an access token for one for somebody else.
type Exchange struct {
	GrantUser
	Allowed bool                 // the person is in a group that may use the client
	Policy  *oidc.ExchangePolicy // nil: there is none for the audience
}

var exchangeSQL = grantUserOf(tokenRevoked("$3")+`, `+refusalOfAny("$2"),
	`, `+mayUse("$4")+`, x.scope, x.subject_audience, x.impersonation`,
	grantsClient+` LEFT JOIN exchange_policies x ON x.client_id = $5 AND x.audience = $6`)

// LoadExchange gives in one statement the user of the subject token's grant and what the client may do with the token. ErrNotFound with a
// reason for the log where the token may not live.
func (s *Store) LoadExchange(ctx context.Context, subject TokenUse, c *oidc.Client, audience string, now time.Time) (e Exchange,
	refusal string, err error) {
	var scope, subjectAudience *string
	var impersonation *bool
	row := s.pool.QueryRow(ctx, exchangeSQL, subject.GrantID, now, orZero(subject.ID), emptyNotNil(c.AllowedGroups), c.ClientID, audience)
	refusal, err = e.scan(row, &e.Allowed, &scope, &subjectAudience, &impersonation)
	if scope != nil {
		e.Policy = &oidc.ExchangePolicy{Audience: audience, Scope: *scope, Impersonation: *impersonation}
		if subjectAudience != nil {
			e.Policy.SubjectAudience = *subjectAudience
		}
	}
	return e, refusal, err
}
