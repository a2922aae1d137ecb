package oidc

import "slices"

// ACRValues are the authentication context classes there are (OpenID Connect Core §2): "1" is any sign-in at all, as ISO/IEC
// 29115 level 1.
var ACRValues = []string{"1"}

// acrOf returns the class of a sign-in with these methods.
func acrOf(_ []string) string { return ACRValues[0] }

// checkACR refuses a request for classes none of which can be reached; nil means that none was requested (OpenID Connect Core
// §5.5.1.1).
func checkACR(essential []string) *Error {
	if essential == nil || slices.ContainsFunc(essential, func(acr string) bool { return slices.Contains(ACRValues, acr) }) {
		return nil
	}
	return refuse(UnmetAuthenticationRequirements, "none of the acr values that are essential can be reached")
}
