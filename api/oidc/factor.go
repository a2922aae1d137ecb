package oidc

import "slices"

// Factor is what a proof of who somebody is rests on (NIST SP 800-63-3 §4.3.1).
type Factor string

// What a proof can rest on.
const (
	Knowledge  Factor = "knowledge"  // a password
	Possession Factor = "possession" // a device or a key
	Inherence  Factor = "inherence"  // a fingerprint
	Elsewhere  Factor = "elsewhere"  // whatever an upstream asked for; how is in its amr
)

// AMRPassword is the authentication method of a password (RFC 8176 §2).
const AMRPassword = "pwd"

// factors are those that the methods of RFC 8176 §2 prove. The others, such as mfa and geo, do not tell which.
var factors = map[string]Factor{AMRPassword: Knowledge, "pin": Knowledge, "kba": Knowledge,
	"otp": Possession, "sms": Possession, "tel": Possession, "hwk": Possession, "swk": Possession, "sc": Possession, "pop": Possession,
	"fpt": Inherence, "face": Inherence, "iris": Inherence, "retina": Inherence, "vbm": Inherence}

// provenBy returns the factors that a sign-in with these methods has proven, each once. There is always one: nobody is
// signed in for nothing, and an upstream that does not say how has asked for something.
func provenBy(amr []string) (list []Factor) {
	for _, method := range amr {
		if f, known := factors[method]; known && !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	if list == nil {
		return []Factor{Elsewhere}
	}
	return list
}

// NextFactor returns the factor that a person still has to prove for a request, "" for none. enrolled are those, beside
// what they sign in with, that they have set up: whoever has set one up is asked for it, whatever the request.
//
// What was proven at an upstream counts as if it had been here, where its amr names a method by which the factor is known:
// an upstream that is trusted with who somebody is, is trusted with how they proved it, and asking twice for the same kind
// protects nobody. Where it does not say, or says mfa alone, which may be any two, the person is asked here.
func NextFactor(_ AuthorizeRequest, s *Session, enrolled []Factor) Factor {
	proven := provenBy(s.AMR)
	for _, f := range enrolled {
		if !slices.Contains(proven, f) {
			return f
		}
	}
	return ""
}
