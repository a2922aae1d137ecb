package provider

import (
	"encoding/base64"
	"encoding/json"

	"gatehouse/api/oidc"
)

const (
	codePurpose = "authorization code"
	maxCode     = 16 << 10 // bytes
)

// sealCode returns the code that is handed out.
func (p *Provider) sealCode(code oidc.Code) string {
	plain, err := json.Marshal(code)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(p.sealer.Seal(codePurpose, plain, nil))
}

// openCode returns the content of a code; ok is false for one that is not ours.
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
