package oidc

import (
	"strings"
	"testing"
)

// RFC 8628 §6.1.
func TestUserCodesAreReadWhateverTheCaseSpacesAndDashes(t *testing.T) {
	for _, typed := range []string{"WDJB-MJHT", "wdjbmjht", " Wdjb  mjht ", "w d j b - m j h t", "WDJB–MJHT",
		"WDJB\u00a0MJHT", "wdjb_mjht."} {
		if code, ok := ReadUserCode(typed); !ok || code != "WDJB-MJHT" {
			t.Errorf("%q: %q", typed, code)
		}
	}
	for _, typed := range []string{"", "WDJB", "WDJB-MJHTB", "WDJB-MJHA", "WDJB-MJH1",
		"ẞDJB-MJHT", "WDJB/MJHT", strings.Repeat(" ", 60) + "WDJBMJHT"} {
		if code, ok := ReadUserCode(typed); ok {
			t.Errorf("%q is taken for %q", typed, code)
		}
	}
}

func TestUserCodesAreMadeOfLettersThatSpellNothing(t *testing.T) {
	next := -1
	code := NewUserCode(func(below int) int { next = (next + 3) % below; return next })
	if read, ok := ReadUserCode(code); !ok || read != code || len(code) != 9 || code[4] != '-' || strings.ContainsAny(code, "AEIOUY") {
		t.Errorf("made %q", code)
	}
}

func TestADeviceAsksForWhatItsClientIsRegisteredFor(t *testing.T) {
	device := clientOf(ClientMetadata{Scope: "openid email offline_access",
		GrantTypes: []string{GrantDeviceCode, GrantRefreshToken}})
	scope, refusal := ParseDeviceAuthorization(Params{"scope": "openid groups offline_access"}, device)
	if refusal != nil || scope != "openid offline_access" {
		t.Errorf("%q, %v", scope, refusal)
	}
	for code, p := range map[string]Params{InvalidScope: {"scope": "groups"}, InvalidRequest: {"scope": strings.Repeat("x", 3000)}} {
		if _, refusal := ParseDeviceAuthorization(p, device); refusal == nil || refusal.Code != code {
			t.Errorf("%.20v: %v, want %s", p, refusal, code)
		}
	}
	_, refusal = ParseDeviceAuthorization(Params{}, clientOf(ClientMetadata{GrantTypes: []string{GrantAuthorizationCode}}))
	if refusal == nil || refusal.Code != UnauthorizedClient {
		t.Errorf("a client without the grant: %v", refusal)
	}
}
