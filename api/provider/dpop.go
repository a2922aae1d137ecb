package provider

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// proof verifies the DPoP proof of a request (RFC 9449 §4.3), and returns the thumbprint of its key: "" where no proof came
// along.
//
// At the token endpoint its jti is not remembered: what comes with it is used once anyway (a code, a refresh token) or
// authenticates the client, and the tokens that are issued are of use to the key only. The nonce keeps proofs from being
// made ahead of time.
func (p *Provider) proof(r Request, c *oidc.Client, now time.Time) (jkt string, refused *oidc.Error) {
	jkt, _, refused = p.proofOf(r, c, "", now)
	return jkt, refused
}

// proofOf is proof for a request that comes with accessToken, and returns the claims of the proof, too.
func (p *Provider) proofOf(
	r Request, c *oidc.Client, accessToken string, now time.Time,
) (jkt string, proof oidc.DPoPProof, refused *oidc.Error) {
	bad := func(why string) (string, oidc.DPoPProof, *oidc.Error) {
		return "", proof, &oidc.Error{Code: oidc.InvalidDPoPProof, Description: "DPoP proof: " + why}
	}
	if len(r.DPoP) == 0 {
		return "", proof, nil
	}
	if len(r.DPoP) > 1 {
		return bad("more than one header")
	}
	typ, jkt, claims, err := keys.VerifyWithOwnKey(r.DPoP[0], c.SigningAlgsOf(""))
	switch {
	case err != nil:
		return bad("form, key, algorithm or signature")
	case typ != oidc.DPoPProofType:
		return bad("typ must be " + oidc.DPoPProofType)
	case json.Unmarshal(claims, &proof) != nil:
		return bad("claims")
	}
	if refused := proof.Check(r.Method, p.Issuer+r.Path, accessToken, now); refused != nil {
		return "", proof, refused
	}
	if !p.knowsNonce(proof.Nonce, now) {
		return "", proof, &oidc.Error{Code: oidc.UseDPoPNonce, Description: "use the nonce of the DPoP-Nonce header"}
	}
	return jkt, proof, nil
}

// proofJTI returns what has to be remembered of a proof that came with an access token.
func proofJTI(jkt string, proof oidc.DPoPProof) *store.JTI {
	return &store.JTI{SHA256: jtiDigest("DPoP proof", jkt, proof.ID), MadeAt: wholeSecond(proof.IssuedAt),
		ExpiresAt: proof.IssuedAt.Time().Add(oidc.DPoPProofLife + oidc.ClientSkew)}
}

// withNonce adds the nonce for the next proof to the answer to a client that uses DPoP (RFC 9449 §8.2).
func (p *Provider) withNonce(r Request, a Answer, now time.Time) Answer {
	if len(r.DPoP) > 0 {
		a.DPoPNonce = p.nonce(now)
	}
	return a
}

// refuseProof answers a request whose proof is refused (RFC 9449 §5, §8).
func (p *Provider) refuseProof(ctx context.Context, r Request, c *oidc.Client, refused *oidc.Error, now time.Time) Answer {
	a := p.refuse(ctx, strings.TrimPrefix(r.Path, "/"), c.ClientID, refused)
	a.DPoPNonce = p.nonce(now)
	return a
}

// knowsNonce reports whether a nonce is that of this minute, of the last or, from a replica whose clock is ahead, of the next.
func (p *Provider) knowsNonce(nonce string, now time.Time) bool {
	for _, ago := range []time.Duration{0, oidc.DPoPNonceLife, -oidc.DPoPNonceLife} {
		if hmac.Equal([]byte(nonce), []byte(p.nonce(now.Add(-ago)))) {
			return true
		}
	}
	return false
}

// nonce returns what proofs have to contain for the next minute or two (RFC 9449 §8): the time, in a form that only we can
// write, so that every replica knows it and nothing is stored.
func (p *Provider) nonce(now time.Time) string {
	return p.nonceOf(now.Unix() / int64(oidc.DPoPNonceLife.Seconds()))
}

func (p *Provider) nonceOf(minute int64) string {
	mac := p.sealer.Derive(keys.ForDPoPNonces, []byte(strconv.FormatInt(minute, 10)))
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}
