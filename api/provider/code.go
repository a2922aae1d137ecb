package provider

import (
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

const maxCode = 16 << 10 // bytes

var codeBox = keys.Box[oidc.Code]{Purpose: keys.ForCodes}

// sealCode returns the code that is handed out.
func (p *Provider) sealCode(code oidc.Code) string { return codeBox.Seal(p.sealer, code, nil) }

// openCode returns the content of a code; ok is false for one that is not ours.
func (p *Provider) openCode(sealed string) (code *oidc.Code, ok bool) {
	if len(sealed) > maxCode {
		return nil, false
	}
	opened, err := codeBox.Open(p.sealer, sealed, nil)
	return &opened, err == nil
}
