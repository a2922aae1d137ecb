package provider

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantAuthorizationCode redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.6).
func (p *Provider) grantAuthorizationCode(ctx context.Context, r Request, c *oidc.Client, ask tokenRequest) Answer {
	params := ask.params
	for _, name := range []string{"code", "redirect_uri"} {
		if params[name] == "" {
			return p.refuseGrant(r, c, oidc.InvalidRequest, name+" is missing", "")
		}
	}
	challenge, ok := "", true
	if verifier := params["code_verifier"]; verifier != "" {
		challenge, ok = oidc.ChallengeOf(verifier)
	}
	if !ok {
		return p.refuseGrant(r, c, oidc.InvalidGrant, "code_verifier must be 43 to 128 unreserved characters", "")
	}
	if _, err := p.keyRing(); err != nil { // before the code is spent
		return p.failed(r, err)
	}
	code, ok := p.openCode(params["code"])
	if !ok {
		return p.refuseCode(r, c, store.Misfit{Reason: "unknown"})
	}
	why := code.Check(oidc.Redemption{ClientID: c.ClientID, RedirectURI: params["redirect_uri"], CodeChallenge: challenge,
		JKT: ask.bound.JKT, Resources: ask.bound.Resources, Allowed: ask.bound.Allowed}, ask.now)
	if code.ClientID != c.ClientID {
		return p.refuseCode(r, c, store.Misfit{Reason: why})
	}

	refresh := oidc.RefreshToken{Secret: randomBytes()}
	g, u, err := oidc.Grant{}, oidc.User{}, store.ErrNotFound
	if why == "" {
		g, u, err = p.store.RedeemCode(ctx, code, p.redemption(c, refresh, ask), ask.now)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		misfit, err := p.store.RefuseCode(ctx, code, why, ask.now)
		if err != nil {
			return p.failed(r, err)
		}
		return p.refuseCode(r, c, misfit)
	case err != nil:
		return p.failed(r, err)
	}
	return p.issueTokens(r, c, &u, &g, ask, g.Scope, refresh)
}

func (p *Provider) refuseCode(r Request, c *oidc.Client, m store.Misfit) Answer {
	if m.Revoked {
		p.tell(r, oidc.CodeReplayed{ClientID: c.ClientID})
	}
	return p.refuseMisfit(r, c, m, "the code is not valid: unknown, expired, used before, or made for another request")
}

// redemption is what is stored for a client that has a code, of whichever grant. A public client's refresh tokens are bound to the key of
// its proof: it has no other way to show that they are its own (RFC 9449 §5).
func (p *Provider) redemption(c *oidc.Client, refresh oidc.RefreshToken, ask tokenRequest) store.Redemption {
	out := store.Redemption{Client: c, Refresh: refresh.Digest(), RefreshEnds: ask.now.Add(p.RefreshIdle),
		OfflineEnds: ask.now.Add(p.RefreshMax)}
	if c.Public() {
		out.RefreshJKT = ask.bound.JKT
	}
	return out
}

const (
	codePurpose = "authorization code"
	maxCode     = 16 << 10 // bytes
)

// sealCode makes the code that is handed out.
func (p *Provider) sealCode(code oidc.Code) string {
	plain, err := json.Marshal(code)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(p.sealer.Seal(codePurpose, plain, nil))
}

// openCode gives what a code says; ok is false for one that is not ours.
func (p *Provider) openCode(sealed string) (code *oidc.Code, ok bool) {
	if len(sealed) > maxCode {
		return nil, false
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(box) == 0 {
		return nil, false
	}
	plain, err := p.sealer.Open(codePurpose, box, nil)
	if err != nil || json.Unmarshal(plain, &code) != nil {
		return nil, false
	}
	return code, true
}
