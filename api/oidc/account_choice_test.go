package oidc

import "testing"

// A choice takes the place of a password, and of nothing else.
func TestAChosenAccountProvesWhateverElseIsAskedFor(t *testing.T) {
	t.Parallel()
	c := &Client{FirstParty: true, MinACR: "mfa", Policy: Policy{ACRValues: shipped}}
	r := AuthorizeRequest{Prompt: []string{"select_account"}, At: noon, Chosen: "s"}
	s := Standing{Session: &Session{SID: "s", AuthTime: at(-10), AMR: []string{AMRPassword}}, User: &User{}, Allowed: true,
		Enrolled: Enrolled{TOTP: true}}
	for _, want := range []Step{AskFactor, IssueCode} {
		if step, refused := r.Decide(c, s, false, noon); step != want || refused != nil {
			t.Errorf("with %v: step %d, %v", s.Session.AMR, step, refused)
		}
		s.Session.AMR = append(s.Session.AMR, "otp")
	}
	s.Session.AMR, s.Allowed = []string{AMRPassword}, false
	if step, refused := r.Decide(c, s, false, noon); step != AskFactor || refused != nil {
		t.Errorf("outside the groups: step %d, %v", step, refused)
	}
	s.Enrolled = Enrolled{}
	if step, refused := r.Decide(c, s, false, noon); step != SayRefused || refused != nil {
		t.Errorf("outside the groups, with nothing set up: step %d, %v", step, refused)
	}
}
