package provider

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// AdminToken is whose token came to the admin API, and what it is good for.
type AdminToken struct {
	Name   string // a username; client:ID of a client that comes for itself
	Role   oidc.AdminRole
	Owner  bool // of groups, whatever else they are
	Scope  string
	Scheme string // as which it was sent: Bearer or DPoP
}

// AdminToken returns the token that a request to the admin API comes with. It is an access token for that resource which a person's
// client got by a code, and which is bound to a key (RFC 9449), or which a client got for itself; or a personal access token. The client
// is one that an administrator registered. refusal is the answer where there is none, or where the person has no role, or signed in
// with less than is asked for. The grant is checked each time, as at userinfo.
func (p *Provider) AdminToken(ctx context.Context, r Request) (t AdminToken, refusal *Answer) {
	now := p.now()
	token, scheme := presentedToken(r)
	switch {
	case sentTwice(r, scheme):
		return t, p.refuseAdmin(ctx, scheme, 400, oidc.InvalidRequest, "the access token was sent more than once")
	case scheme == "":
		return t, p.refuseAdmin(ctx, "", 401, oidc.InvalidToken, "send an access token as Authorization: DPoP or Bearer")
	}
	if pat, user, is, err := p.personalAccessToken(ctx, token, nil, now); is {
		return p.adminByPersonalToken(ctx, scheme, pat, &user, err)
	}
	t, refusal = p.adminByAccessToken(ctx, r, token, scheme, now)
	if refusal != nil && len(r.DPoP) > 0 {
		refusal.DPoPNonce = p.nonce(now)
	}
	return t, refusal
}

func (p *Provider) adminByPersonalToken(
	ctx context.Context, scheme string, pat store.PersonalAccessToken, u *oidc.User, err error,
) (t AdminToken, refusal *Answer) {
	switch {
	case scheme != "Bearer":
		return t, p.refuseAdmin(ctx, scheme, 401, oidc.InvalidToken, sentAs("Bearer", scheme))
	case errors.Is(err, store.ErrNotFound):
		return t, p.refuseAdmin(ctx, scheme, 401, oidc.InvalidToken,
			"personal access token: unknown, revoked, expired or of a disabled user")
	case err != nil:
		return t, p.failedAdmin(ctx, err)
	}
	policy, err := p.store.Policy(ctx)
	if err != nil {
		return t, p.failedAdmin(ctx, err)
	}
	return p.adminOf(ctx, scheme, u, pat.Scope, policy.Reaches(policy.ACR(pat.AMR, nil), p.AdminACR))
}

func (p *Provider) adminByAccessToken(
	ctx context.Context, r Request, token, scheme string, now time.Time,
) (t AdminToken, refusal *Answer) {
	refuse := func(why string) (AdminToken, *Answer) {
		return t, p.refuseAdmin(ctx, scheme, 401, oidc.InvalidToken, why)
	}
	claims, why, err := p.verifyAccessToken(token)
	switch {
	case err != nil:
		return t, p.failedAdmin(ctx, err)
	case why != "":
		return refuse(why)
	case !slices.Contains(claims.Audience, p.AdminResource()):
		return refuse("issued for another audience than " + p.AdminResource())
	case claims.SubjectID != "":
		return refuse("got by an exchange")
	case claims.GrantID != "" && claims.JKT() == "":
		return refuse("a token of a person has to be bound to a key (DPoP)")
	}
	use := useOf(&claims)
	if refused := p.checkPossession(ctx, r, &claims, token, scheme, &use, now); refused != nil {
		return t, asProblem(ctx, refused)
	}
	owner, why, err := p.loadTokenOwner(ctx, &claims, use, now)
	switch {
	case why == store.ProofUsed:
		return t, p.refuseAdmin(ctx, scheme, 401, oidc.InvalidDPoPProof, "DPoP proof: its jti was used before")
	case errors.Is(err, store.ErrNotFound):
		return refuse(why)
	case err != nil:
		return t, p.failedAdmin(ctx, err)
	case owner.client.Registration != "":
		return refuse("its client registered itself")
	case claims.GrantID == "":
		return AdminToken{Name: "client:" + claims.ClientID, Role: oidc.Administrator, Scope: claims.Scope, Scheme: scheme}, nil
	}
	reached := owner.client.Policy.Reaches(claims.ACR, p.AdminACR)
	return p.adminOf(ctx, scheme, &owner.User, claims.Scope, reached)
}

// adminOf returns the token of a person; reached is whether the sign-in was strong enough.
func (p *Provider) adminOf(ctx context.Context, scheme string, u *oidc.User, scope string, reached bool) (t AdminToken, refusal *Answer) {
	role := p.AdminRoleOf(u.Groups)
	switch {
	case role == "":
		return t, p.refuseAdmin(ctx, scheme, 403, "forbidden", "you are in none of the groups that administer, and own no group")
	case !reached:
		a := p.refuseAdmin(ctx, scheme, 401, oidc.InsufficientUserAuthentication, "sign in with acr_values="+p.AdminACR)
		a.Challenge += `, acr_values="` + p.AdminACR + `"`
		return t, a
	}
	owner := slices.Contains(u.Groups, oidc.OwnersGroup)
	return AdminToken{Name: u.Username, Role: role, Owner: owner, Scope: scope, Scheme: scheme}, nil
}

// refuseAdmin is refuseToken with a problem; why is for the caller, too, but where a token that is not known could be found out about.
func (p *Provider) refuseAdmin(ctx context.Context, scheme string, status int, code, why string) *Answer {
	a := p.refuseToken(ctx, cmp.Or(scheme, "Bearer"), status, code, why)
	a.Challenge += `, resource_metadata="` + p.Issuer + AdminMetadataPath + `"`
	return asProblem(ctx, &a)
}

// LacksAdminScope answers a request to the admin API whose token lacks a scope; why is for the caller.
func (p *Provider) LacksAdminScope(ctx context.Context, t AdminToken, scope, why string) *Answer {
	a := p.lacksScope(ctx, t.Scheme, scope, why)
	a.Challenge += `, resource_metadata="` + p.Issuer + AdminMetadataPath + `"`
	return asProblem(ctx, &a)
}

// failedAdmin answers a request to the admin API when a step could not be done.
func (p *Provider) failedAdmin(ctx context.Context, err error) *Answer {
	a := p.failed(ctx, err)
	return asProblem(ctx, &a)
}

// FailedOperation is failedAdmin for somebody who may run the operation: what Postgres says that it cannot do now is theirs to read.
func (p *Provider) FailedOperation(ctx context.Context, err error) *Answer {
	a := p.failed(ctx, err)
	var away store.Unavailable
	if body, ok := a.JSON.(oauthErrorBody); ok && errors.As(err, &away) && away.Answered() {
		a.JSON = oauthErrorBody{body.Error, away.Error() + "; " + body.Description}
	}
	return asProblem(ctx, &a)
}

// asProblem says what an answer says as a problem.
func asProblem(ctx context.Context, a *Answer) *Answer {
	body, _ := a.JSON.(oauthErrorBody)
	problem := NewProblem(a.Status, body.Error, body.Description)
	problem.RequestID = requestOf(ctx).id
	a.JSON, a.Type = problem, ProblemType
	return a
}

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// NewProblem returns a problem that needs no further explanation than what is wrong.
func NewProblem(status int, code, detail string) oidc.Problem {
	return oidc.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

// AdminMetadataPath is where the metadata of the admin API as a protected resource are (RFC 9728 §3.1).
const AdminMetadataPath = "/.well-known/oauth-protected-resource" + oidc.AdminPath

// AdminMetadata answers at AdminMetadataPath.
func (p *Provider) AdminMetadata(context.Context, Request) Answer {
	return Answer{Status: 200, JSON: map[string]any{
		"resource": p.AdminResource(), "authorization_servers": []string{p.Issuer}, "resource_name": p.Name,
		"scopes_supported": []string{oidc.AdminRead, oidc.AdminWrite}, "bearer_methods_supported": []string{"header"},
		"dpop_signing_alg_values_supported": oidc.SigningAlgs,
		"resource_documentation":            strings.TrimSuffix(p.AdminResource(), "/") + "/openapi.json",
	}}
}

// SealAnswer and OpenAnswer seal an answer of the admin API that is kept for a request that may come again.
func (p *Provider) SealAnswer(answer []byte) []byte {
	return p.sealer.Seal(keys.ForAdminAnswers, answer, nil)
}

// OpenAnswer returns what SealAnswer sealed.
func (p *Provider) OpenAnswer(sealed []byte) ([]byte, error) {
	return p.sealer.Open(keys.ForAdminAnswers, sealed, nil)
}

// DPoPNonce returns what the next proof has to contain (RFC 9449 §8).
func (p *Provider) DPoPNonce() string { return p.nonce(p.now()) }
