package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gatehouse/api/oidc"
)

// clientProtocol is how a client speaks the protocol, where that is not what most do.
type clientProtocol struct {
	JWKS    string `name:"jwks" placeholder:"FILE" help:"Its public keys (- is standard input), in place of a secret." group:"proof"`
	JWKSURI string `name:"jwks-uri" placeholder:"URL" help:"Where its public keys are; the same." group:"proof"`
	Scope   string `placeholder:"SCOPES" help:"What it may ask for, in place of openid profile email groups offline_access." group:"ask"`
	Service bool   `help:"It gets tokens for itself (client_credentials), not for people." group:"ask"`

	IDTokenAlg string `name:"id-token-alg" placeholder:"ALG" help:"Signs its ID tokens: RS256, ES256, PS256 or EdDSA." group:"tokens"`

	ShortLived bool `name:"short-lived-request-objects" help:"Those that it signs last an hour at most, as for FAPI 2.0." group:"proof"`

	NoIDTokenClaims bool `name:"no-id-token-claims" help:"What scopes release comes from userinfo only." group:"tokens"`
	Pairwise        bool `help:"It gets a sub of its own for each person." group:"tokens"`
	PushRequests    bool `help:"It has to push its authorization requests (PAR)." group:"proof"`
	DPoP            bool `name:"dpop" help:"Its access tokens are bound to its keys (DPoP)." group:"proof"`

	FAPI2 bool `name:"fapi2" help:"FAPI 2.0 Security Profile: these two, its own keys, and PS256 unless --id-token-alg differs." group:"proof"`
}

// keyed reports whether the client has a key in place of a secret.
func (c clientProtocol) keyed() bool { return c.JWKS != "" || c.JWKSURI != "" }

func (c clientProtocol) change(a *app, row *oidc.Client) error {
	if c.FAPI2 && !c.keyed() {
		return errors.New("--fapi2 needs the client's public keys: --jwks or --jwks-uri")
	}
	if c.keyed() {
		row.TokenEndpointAuthMethod, row.JWKSURI = oidc.PrivateKeyJWT, c.JWKSURI
	}
	if c.JWKS != "" {
		text, err := a.readFile(c.JWKS, maxJWKS)
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			return fmt.Errorf("%s is not JSON", c.JWKS)
		}
		row.JWKS = text
	}
	if c.Scope != "" {
		row.Scope = strings.Join(strings.Fields(c.Scope), " ")
	}
	if c.Service {
		row.GrantTypes, row.ResponseTypes = []string{oidc.GrantClientCredentials}, []string{}
	}
	if c.Pairwise {
		row.SubjectType = oidc.SubjectPairwise
	}
	row.IDTokenScopeClaims = !c.NoIDTokenClaims
	row.RequirePushedAuthorizationRequests, row.DPoPBoundAccessTokens = c.PushRequests || c.FAPI2, c.DPoP || c.FAPI2
	row.ShortLivedRequestObjects = c.ShortLived
	if c.FAPI2 {
		row.SecurityProfile, row.IDTokenSignedResponseAlg = oidc.FAPI2, "PS256"
	}
	row.IDTokenSignedResponseAlg = cmp.Or(c.IDTokenAlg, row.IDTokenSignedResponseAlg)
	return nil
}

const maxJWKS = 64 // KiB

// readFile reads a file of at most limit KiB, or standard input where it is called -.
func (a *app) readFile(name string, limit int64) ([]byte, error) {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, limit<<10+1))
	if err == nil && int64(len(text)) > limit<<10 {
		err = fmt.Errorf("%s is larger than %d KiB", name, limit)
	}
	return text, err
}
