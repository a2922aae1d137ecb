package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Exchange is what decides whether a client may exchange an access token for one for another service.
type Exchange struct {
	GrantUser
	Allowed bool                 // the person is in a group that may use the client
	AMR     []string             // of the subject token's grant
	Policy  *oidc.ExchangePolicy // nil: there is none for the audience
}

var loadExchange = compile(grantUserOf(tokenRevoked+`, `+refusalOfAny,
	`, `+mayUse("@allowed_groups")+`, g.amr, x.scope, x.subject_audience, x.impersonation`,
	grantsClient+` LEFT JOIN exchange_policies x ON x.client_id = @client AND x.audience = @audience`))

// LoadExchange returns in one statement the user of the subject token's grant and what the client may do with the token. ErrNotFound
// with a reason for the log where the token is not valid.
func (s *Store) LoadExchange(ctx context.Context, subject TokenUse, c *oidc.Client, audience string, now time.Time) (e Exchange,
	refusal string, err error) {
	var scope, subjectAudience *string
	var impersonation *bool
	row := loadExchange.row(ctx, s.pool, args{"grant": subject.GrantID, "now": now, "jti": orZero(subject.ID), "client": c.ClientID,
		"allowed_groups": oidc.NotNil(c.AllowedGroups), "audience": audience})
	refusal, err = e.scan(row, &e.Allowed, &e.AMR, &scope, &subjectAudience, &impersonation)
	if scope != nil {
		e.Policy = &oidc.ExchangePolicy{Audience: audience, Scope: *scope, Impersonation: *impersonation}
		if subjectAudience != nil {
			e.Policy.SubjectAudience = *subjectAudience
		}
	}
	return e, refusal, err
}
