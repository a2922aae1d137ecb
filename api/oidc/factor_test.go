package oidc

import "testing"

// The rule is pure, so that what a second factor will need is known before there is one: nothing is enrolled yet.
func TestNextFactorIsTheFirstThatIsEnrolledAndNotProven(t *testing.T) {
	for _, c := range []struct {
		what     string
		amr      []string
		enrolled []Factor
		next     Factor
	}{
		{"a password, nothing enrolled", []string{"pwd"}, nil, ""},
		{"an upstream that does not say how, nothing enrolled", nil, nil, ""},
		{"a password, a device enrolled", []string{"pwd"}, []Factor{Possession}, Possession},
		{"both proven", []string{"pwd", "otp"}, []Factor{Possession}, ""},
		{"a method that says nothing of a factor", []string{"pwd", "mfa"}, []Factor{Possession}, Possession},
		{"a method that is not registered", []string{"pwd", "possession"}, []Factor{Possession}, Possession},
		{"an upstream that does not say how, a device enrolled", nil, []Factor{Possession}, Possession},
		{"an upstream that had a device proven, a device enrolled", []string{"otp"}, []Factor{Possession}, ""},
		{"an upstream that had a fingerprint proven, a device enrolled", []string{"fpt", "mfa"}, []Factor{Possession}, Possession},
		{"an upstream that says mfa alone, a device enrolled", []string{"mfa"}, []Factor{Possession}, Possession},
		{"two enrolled, one proven", []string{"pwd", "hwk"}, []Factor{Possession, Inherence}, Inherence},
	} {
		if got := NextFactor(AuthorizeRequest{}, &Session{AMR: c.amr}, c.enrolled); got != c.next {
			t.Errorf("%s: %q, want %q", c.what, got, c.next)
		}
	}
}

func TestAFactorThatIsEnrolledIsAskedForAfterTheSignInAndBeforeAnythingElse(t *testing.T) {
	client := clientOf(ClientMetadata{ClientID: "c"})
	standing := Standing{Session: &Session{SID: "s", AuthTime: at(-10), AMR: []string{"pwd"}}, User: &User{Username: "alice"},
		Enrolled: []Factor{Possession}} // in no group that is allowed, and with nothing consented
	request := AuthorizeRequest{Scope: "openid", At: noon}
	if step, refused := request.Decide(client, Standing{}, false, noon); step != SignIn || refused != nil {
		t.Errorf("nobody signed in: %v %v", step, refused)
	}
	if step, refused := request.Decide(client, standing, true, noon); step != AskFactor || refused != nil {
		t.Errorf("signed in with a password: %v %v", step, refused)
	}
	request.Prompt = []string{"none"}
	if _, refused := request.Decide(client, standing, true, noon); refused == nil || refused.Code != LoginRequired {
		t.Errorf("prompt=none: %v", refused)
	}
}

// OpenID Connect Core §2: acr. However many factors an upstream speaks of, no other class can be reached yet.
func TestTheOnlyClassIsReachedByAnySignIn(t *testing.T) {
	if values := ACRValues(); len(values) != 1 || values[0] != "1" {
		t.Errorf("%v can be reached", values)
	}
	for _, amr := range [][]string{nil, {"pwd"}, {"mfa"}, {"pwd", "otp", "fpt"}} {
		if acr := acrOf(amr); acr != "1" {
			t.Errorf("%v is %q", amr, acr)
		}
	}
}
