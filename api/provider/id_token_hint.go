package provider

import (
	"encoding/json"

	"gatehouse/api/oidc"
)

// verifyHint returns what id_token_hint says, which must be an ID token of ours and may have expired.
func (p *Provider) verifyHint(token string) (*oidc.IDTokenHint, *oidc.Error, error) {
	ring, err := p.keyRing()
	if err != nil {
		return nil, nil, err
	}
	var hint oidc.IDTokenHint
	typ, claims, err := ring.Verify(token, p.now())
	if err != nil || typ != oidc.IDTokenType || json.Unmarshal(claims, &hint) != nil || !hint.IsIDToken(p.Issuer) {
		return nil, &oidc.Error{Code: oidc.InvalidRequest, Description: "id_token_hint is not an ID token of this issuer"}, nil
	}
	return &hint, nil, nil
}

// readHint sets the subject that the tokens must be issued for, from id_token_hint.
func (p *Provider) readHint(req *oidc.AuthorizeRequest) (*oidc.Error, error) {
	if req.IDTokenHint == "" {
		return nil, nil
	}
	hint, refusal, err := p.verifyHint(req.IDTokenHint)
	switch {
	case err != nil || refusal != nil:
		return refusal, err
	case req.HintSub != "" && req.HintSub != hint.Subject:
		return &oidc.Error{Code: oidc.InvalidRequest, Description: "claims and id_token_hint are about different people"}, nil
	}
	req.HintSub = hint.Subject
	return nil, nil
}
