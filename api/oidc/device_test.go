package oidc

import (
	"slices"
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
	device.Audiences = []string{"archive"}
	scope, resources, refusal := ParseDeviceAuthorization(Params{"scope": "openid groups offline_access"}, nil, device, issuer)
	if refusal != nil || scope != "openid offline_access" || resources != nil {
		t.Errorf("%q %q, %v", scope, resources, refusal)
	}
	if _, resources, refusal = ParseDeviceAuthorization(Params{"scope": "openid"}, []string{"archive"}, device, issuer); refusal != nil ||
		!slices.Equal(resources, []string{issuer, "archive"}) {
		t.Errorf("%q, %v", resources, refusal)
	}
	if _, _, refusal = ParseDeviceAuthorization(Params{}, []string{"disk"}, device, issuer); refusal == nil || refusal.Code != InvalidTarget {
		t.Errorf("a service of others: %v", refusal)
	}
	for code, p := range map[string]Params{InvalidScope: {"scope": "groups"}, InvalidRequest: {"scope": strings.Repeat("x", 3000)}} {
		if _, _, refusal := ParseDeviceAuthorization(p, nil, device, issuer); refusal == nil || refusal.Code != code {
			t.Errorf("%.20v: %v, want %s", p, refusal, code)
		}
	}
	_, _, refusal = ParseDeviceAuthorization(Params{}, nil, clientOf(ClientMetadata{GrantTypes: []string{GrantAuthorizationCode}}), issuer)
	if refusal == nil || refusal.Code != UnauthorizedClient {
		t.Errorf("a client without the grant: %v", refusal)
	}
}
