package oidc

import (
	"slices"
	"testing"
	"time"
)

// shipped is what the migration has.
var shipped = []ACRValue{{"https://refeds.org/profile/sfa", 1, false, false}, {"1", 1, false, false},
	{"https://refeds.org/profile/mfa", 2, false, false}, {"mfa", 2, false, false}, {"phr", 1, true, false}, {"phrh", 1, true, true}}

func TestAClassIsReachedByWhatWasProvenAndTheOneThatWasAskedForIsSaid(t *testing.T) {
	p := Policy{ACRValues: shipped}
	for _, c := range []struct {
		amr   []string
		asked []string
		acr   string
	}{
		{nil, nil, "1"},
		{[]string{"pwd"}, nil, "1"},
		{[]string{"pwd"}, []string{"mfa"}, "1"},
		{[]string{"pwd"}, []string{"mfa", "https://refeds.org/profile/sfa"}, "https://refeds.org/profile/sfa"},
		{[]string{"pwd", "otp"}, nil, "mfa"},
		{[]string{"pwd", "otp"}, []string{"phr", "https://refeds.org/profile/mfa", "mfa"}, "https://refeds.org/profile/mfa"},
		{[]string{"pwd", "otp"}, []string{"1"}, "1"},
		{[]string{"otp"}, nil, "mfa"},      // a code after an upstream that does not say how
		{[]string{"pwd", "pin"}, nil, "1"}, // twice the same factor
		{[]string{"otp", "sms"}, nil, "mfa"},
		{PasskeyAMR(false), nil, "phr"},
		{PasskeyAMR(true), nil, "phrh"},
		{PasskeyAMR(false), []string{"phrh", "mfa"}, "mfa"},
		{[]string{"pwd", "swk", "user", "mfa"}, nil, "phr"},
		{[]string{"swk"}, nil, "mfa"}, // of an upstream, which nobody verified
		{[]string{"mfa"}, nil, "mfa"},
		{[]string{"pwd", "geo"}, nil, "1"},
	} {
		if acr := p.ACR(c.amr, c.asked); acr != c.acr {
			t.Errorf("%v, asked for %v: %q, want %q", c.amr, c.asked, acr, c.acr)
		}
	}
	if acr := (Policy{}).ACR([]string{"pwd", "otp"}, []string{"mfa"}); acr != "1" {
		t.Errorf("without rows: %q", acr)
	}
}

func TestAnAMRSaysMultipleWhereTwoFactorsWereProven(t *testing.T) {
	for _, c := range [][2][]string{
		{nil, {}}, {{"pwd"}, {"pwd"}}, {{"pwd", "otp"}, {"pwd", "otp", "mfa"}}, {{"otp"}, {"otp", "mfa"}},
		{PasskeyAMR(false), {"swk", "user", "mfa"}}, {PasskeyAMR(true), {"hwk", "user", "mfa"}}, {{"mfa"}, {"mfa"}},
	} {
		if got := AMROf(c[0]); !slices.Equal(got, c[1]) || got == nil {
			t.Errorf("%v: %v, want %v", c[0], got, c[1])
		}
	}
}

func TestWhatIsAskedForIsTheStrongestOfAllThatAsks(t *testing.T) {
	past, future := at(-3600), at(3600)
	both := Enrolled{TOTP: true, Passkey: true, RecoveryCodes: 3}
	for _, c := range []struct {
		what     string
		amr      []string
		enrolled Enrolled
		client   Client
		groups   []MFAGroup
		wished   []string
		required []string

		step    Step
		ways    []Way
		addable []Way // of AddFactor
		refused string
	}{
		{what: "a password, nothing enrolled", amr: []string{"pwd"}, step: IssueCode},
		{what: "codes enrolled", amr: []string{"pwd"}, enrolled: Enrolled{TOTP: true}, step: AskFactor, ways: []Way{ByTOTP}},
		{what: "all enrolled", amr: []string{"pwd"}, enrolled: both, step: AskFactor, ways: []Way{ByPasskey, ByTOTP, ByRecoveryCode}},
		{what: "recovery codes alone are no factor", amr: []string{"pwd"}, enrolled: Enrolled{RecoveryCodes: 3}, step: IssueCode},
		{what: "proven", amr: []string{"pwd", "otp"}, enrolled: both, step: IssueCode},
		{what: "by a passkey alone", amr: PasskeyAMR(false), enrolled: both, step: IssueCode},
		{what: "an upstream that does not say how", amr: []string{}, enrolled: Enrolled{TOTP: true}, step: AskFactor, ways: []Way{ByTOTP}},
		{what: "an upstream whose mfa counts", amr: []string{"mfa"}, enrolled: both, step: IssueCode},

		{what: "a group asks, nothing enrolled", amr: []string{"pwd"}, groups: []MFAGroup{{Name: "staff"}}, step: AddFactor,
			addable: []Way{ByPasskey, ByTOTP}},
		{what: "a group of others", amr: []string{"pwd"}, groups: []MFAGroup{{Name: "others"}}, step: IssueCode},
		{what: "a group asks from later on", amr: []string{"pwd"}, groups: []MFAGroup{{Name: "staff", From: &future}}, step: IssueCode},
		{what: "a group asks by now", amr: []string{"pwd"}, groups: []MFAGroup{{"others", nil}, {"staff", &past}}, step: AddFactor,
			addable: []Way{ByPasskey, ByTOTP}},
		{what: "a group asks, recovery codes alone are left", amr: []string{"pwd"}, groups: []MFAGroup{{Name: "staff"}},
			enrolled: Enrolled{RecoveryCodes: 2}, step: AddFactor, addable: []Way{ByPasskey, ByTOTP}},

		{what: "the client asks for mfa", amr: []string{"pwd"}, client: Client{MinACR: "mfa"}, step: AddFactor,
			addable: []Way{ByPasskey, ByTOTP}},
		{what: "the client asks for mfa from later on", amr: []string{"pwd"}, client: Client{MinACR: "mfa", MinACRFrom: &future},
			step: IssueCode},
		{what: "the client asks for phr of somebody with codes", amr: []string{"pwd", "otp"}, enrolled: Enrolled{TOTP: true},
			client: Client{MinACR: "phr"}, step: AddFactor, addable: []Way{ByPasskey}},
		{what: "the client asks for phr of somebody with both", amr: []string{"pwd"}, enrolled: both,
			client: Client{MinACR: "phr"}, groups: []MFAGroup{{Name: "staff"}}, step: AskFactor, ways: []Way{ByPasskey}},
		{what: "the client asks for phr after a code", amr: []string{"pwd", "otp"}, enrolled: both, client: Client{MinACR: "phr"},
			step: AskFactor,
			ways: []Way{ByPasskey}},
		{what: "the client asks for phrh, which nobody can set up", amr: PasskeyAMR(false), enrolled: both, client: Client{MinACR: "phrh"},
			refused: UnmetAuthenticationRequirements},
		{what: "the client asks for phrh of somebody who has been given a key", amr: []string{"pwd"},
			enrolled: Enrolled{Passkey: true, HardwareKey: true}, client: Client{MinACR: "phrh"}, step: AskFactor, ways: []Way{ByPasskey}},
		{what: "the client asks for a class that is gone", amr: PasskeyAMR(true), client: Client{MinACR: "gone"},
			refused: UnmetAuthenticationRequirements},

		{what: "essential, reached", amr: []string{"pwd", "otp"}, required: []string{"mfa"}, step: IssueCode},
		{what: "essential, not enrolled", amr: []string{"pwd"}, required: []string{"phr", "mfa"}, step: AddFactor,
			addable: []Way{ByPasskey, ByTOTP}},
		{what: "essential, one of two will do", amr: []string{"pwd"}, enrolled: Enrolled{TOTP: true}, required: []string{"phrh", "mfa"},
			step: AskFactor, ways: []Way{ByTOTP}},
		{what: "wished, nothing enrolled", amr: []string{"pwd"}, wished: []string{"mfa"}, step: IssueCode},
		{what: "wished, after a code", amr: []string{"pwd", "otp"}, enrolled: both, wished: []string{"phr"}, step: AskFactor,
			ways: []Way{ByPasskey}},
		{what: "wished, cannot be met, but a code is due", amr: []string{"pwd"}, enrolled: Enrolled{TOTP: true}, wished: []string{"phr"},
			step: AskFactor, ways: []Way{ByTOTP}},
		{what: "wished, one of two reached", amr: []string{"pwd"}, enrolled: Enrolled{}, wished: []string{"phr", "1"}, step: IssueCode},
		{what: "wished, cannot be met", amr: []string{"pwd", "otp"}, enrolled: Enrolled{TOTP: true}, wished: []string{"phr"}, step: IssueCode},
	} {
		c.client.Policy, c.client.FirstParty = Policy{ACRValues: shipped, MFAGroups: c.groups}, true
		c.client.GrantTypes, c.client.ResponseTypes = []string{GrantAuthorizationCode}, []string{"code"}
		r := AuthorizeRequest{Scope: "openid", ResponseType: ResponseCode, At: noon, ACRValues: c.wished, EssentialACR: c.required}
		s := Standing{Session: &Session{SID: "s", AuthTime: at(-10), AMR: c.amr}, User: &User{Username: "alice", Groups: []string{"staff"}},
			Enrolled: c.enrolled, Allowed: true}
		step, e := r.Decide(&c.client, s, false, noon)
		code := ""
		if e != nil {
			code = e.Code
		}
		ways, _ := r.Ways(&c.client, s, noon)
		if step != c.step || code != c.refused || !slices.Equal(ways, c.ways) {
			t.Errorf("%s: step %d %q, ways %v; want %d %q %v", c.what, step, code, ways, c.step, c.refused, c.ways)
		}
		if addable := r.Addable(&c.client, s, noon); step == AddFactor && !slices.Equal(addable, c.addable) {
			t.Errorf("%s: %v can be set up, want %v", c.what, addable, c.addable)
		}
	}
}

// What is but wished for is answered truthfully where nobody can be asked; what is required is not.
func TestWhatIsAskedForWhereNobodyCanBeAsked(t *testing.T) {
	client := Client{FirstParty: true, Policy: Policy{ACRValues: shipped}}
	client.GrantTypes, client.ResponseTypes = []string{GrantAuthorizationCode}, []string{"code"}
	for _, c := range []struct {
		what     string
		amr      []string
		enrolled Enrolled
		wished   []string
		required []string
		refused  string
	}{
		{"a factor of theirs", []string{"pwd"}, Enrolled{TOTP: true}, nil, nil, LoginRequired},
		{"a wish", []string{"pwd", "otp"}, Enrolled{TOTP: true, Passkey: true}, []string{"phr"}, nil, ""},
		{"essential, could be proven", []string{"pwd", "otp"}, Enrolled{TOTP: true, Passkey: true}, nil, []string{"phr"}, LoginRequired},
		{"essential, has to be set up", []string{"pwd"}, Enrolled{}, nil, []string{"phr"}, InteractionRequired},
	} {
		r := AuthorizeRequest{Scope: "openid", ResponseType: ResponseCode, At: noon, ACRValues: c.wished, EssentialACR: c.required,
			Prompt: []string{"none"}}
		s := Standing{Session: &Session{SID: "s", AuthTime: at(-10), AMR: c.amr}, User: &User{Username: "alice"},
			Enrolled: c.enrolled, Allowed: true}
		step, e := r.Decide(&client, s, false, noon)
		if c.refused == "" && (e != nil || step != IssueCode) || c.refused != "" && (e == nil || e.Code != c.refused) {
			t.Errorf("%s: %d %v", c.what, step, e)
		}
	}
}

// Whoever finds a session that was left open sets nothing up.
func TestAFactorIsSetUpFromAFreshSignInAlone(t *testing.T) {
	client := Client{FirstParty: true, MinACR: "mfa", Policy: Policy{ACRValues: shipped}}
	client.GrantTypes, client.ResponseTypes = []string{GrantAuthorizationCode}, []string{"code"}
	for _, c := range []struct {
		signedIn  time.Time
		requested time.Time
		step      Step
	}{
		{at(-10), noon, AddFactor},
		{noon.Add(-FreshSignIn), noon, AddFactor},
		{noon.Add(-FreshSignIn - time.Second), noon, SignIn},
		{AuthTimeUnknown, AuthTimeUnknown, AddFactor}, // just now, at an upstream that does not say when
		{AuthTimeUnknown, noon, SignIn},
	} {
		r := AuthorizeRequest{Scope: "openid", ResponseType: ResponseCode, At: c.requested}
		s := Standing{Session: &Session{SID: "s", AuthTime: c.signedIn, AMR: []string{"pwd"}}, User: &User{Username: "alice"}, Allowed: true}
		if step, e := r.Decide(&client, s, false, noon); step != c.step || e != nil {
			t.Errorf("signed in %v, requested %v: %d %v", c.signedIn, c.requested, step, e)
		}
	}
}

// A refresh token does not outlive the policy that it was made under.
func TestAGrantIsRefusedWhereMoreIsAskedForByNow(t *testing.T) {
	u := &User{Username: "alice", Groups: []string{"staff"}}
	for _, c := range []struct {
		client  Client
		amr     []string
		refused bool
	}{
		{Client{}, []string{"pwd"}, false},
		{Client{MinACR: "mfa"}, []string{"pwd"}, true},
		{Client{MinACR: "mfa"}, []string{"pwd", "otp"}, false},
		{Client{Policy: Policy{MFAGroups: []MFAGroup{{Name: "staff"}}}}, []string{"pwd"}, true},
		{Client{Policy: Policy{MFAGroups: []MFAGroup{{Name: "others"}}}}, []string{"pwd"}, false},
	} {
		c.client.Policy.ACRValues = shipped
		g := Grant{AMR: c.amr}
		if why := g.Refused(&c.client, u, noon); (why != "") != c.refused {
			t.Errorf("%+v: %q", c.client, why)
		}
	}
}
