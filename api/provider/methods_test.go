package provider

import (
	"testing"

	"gatehouse/api/oidc"
)

// amr goes into the session, and NextFactor reads what was proven from there.
func TestWhatAMethodPutsIntoAMRProvesItsFactor(t *testing.T) {
	for _, m := range methods() {
		for _, f := range []oidc.Factor{oidc.Knowledge, oidc.Possession, oidc.Inherence, oidc.Elsewhere} {
			left := oidc.NextFactor(oidc.AuthorizeRequest{}, &oidc.Session{AMR: m.amr}, []oidc.Factor{f})
			if proven := left == ""; proven != (f == m.factor) {
				t.Errorf("method %s with amr %v: %s is proven: %t", m.name, m.amr, f, proven)
			}
		}
	}
}
