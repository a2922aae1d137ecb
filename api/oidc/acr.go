package oidc

import "slices"

// acrClass is an authentication context class (OpenID Connect Core §2), and how many different factors it takes.
type acrClass struct {
	value   string
	factors int
}

// acrClasses are those there are, the weakest first: "1" is any sign-in at all, as ISO/IEC 29115 level 1.
var acrClasses = []acrClass{{"1", 1}}

// ACRValues returns the values of the classes that can be reached.
func ACRValues() (values []string) {
	for _, c := range acrClasses {
		values = append(values, c.value)
	}
	return values
}

// acrOf returns the strongest class that a sign-in with these methods reaches.
func acrOf(amr []string) (value string) {
	proven := len(provenBy(amr))
	for _, c := range acrClasses {
		if proven >= c.factors {
			value = c.value
		}
	}
	return value
}

// checkACR refuses a request for classes none of which can be reached; nil means that none was requested (OpenID Connect Core
// §5.5.1.1).
func checkACR(essential []string) *Error {
	if essential == nil || slices.ContainsFunc(essential, func(acr string) bool { return slices.Contains(ACRValues(), acr) }) {
		return nil
	}
	return refuse(UnmetAuthenticationRequirements, "none of the acr values that are essential can be reached")
}
