package oidc

import (
	"slices"
	"time"
)

// ACRValue is an authentication context class (OpenID Connect Core §2), a row of acr_values, and what it takes.
type ACRValue struct {
	Value             string `json:"value"`
	Factors           int    `json:"factors"`            // different ones
	PhishingResistant bool   `json:"phishing_resistant"` // nothing that a person could be talked into passing on
	HardwareProtected bool   `json:"hardware_protected"` // a key that an administrator has seen
}

// Policy is what a deployment asks of sign-ins. Its rows are read with each client, so that no request asks for them.
type Policy struct {
	ACRValues []ACRValue   `json:"acr_values"` // the weakest first
	MFAGroups []MFAGroup   `json:"mfa_groups"`
	Terms     []TermsOfUse `json:"terms"` // in the order in which they come into force
}

// MFAGroup is a group whose members have to prove two factors.
type MFAGroup struct {
	Name string     `json:"name"`
	From *time.Time `json:"from"` // nil: at once
}

// Values returns those of all classes.
func (p Policy) Values() []string {
	values := []string{}
	for _, v := range p.ACRValues {
		values = append(values, v.Value)
	}
	return values
}

// AtLeast returns a value and those of all classes that take as much, the weakest first; nil where there is no such value.
func (p Policy) AtLeast(value string) (list []string) {
	for _, least := range p.named([]string{value}) {
		list = append(list, value)
		for _, v := range p.ACRValues {
			if v.Value != value && v.takes(least) {
				list = append(list, v.Value)
			}
		}
	}
	return list
}

// takes reports whether whoever reaches v has reached w. What is phishing-resistant is a passkey, hence two factors.
func (v ACRValue) takes(w ACRValue) bool {
	s := strength{v.Factors, v.PhishingResistant, v.HardwareProtected}
	if v.PhishingResistant {
		s.factors = max(2, s.factors)
	}
	return s.reaches(w)
}

// named returns the classes of these values that there are, in their order.
func (p Policy) named(values []string) (list []ACRValue) {
	for _, value := range values {
		for _, v := range p.ACRValues {
			if v.Value == value {
				list = append(list, v)
			}
		}
	}
	return list
}

// known returns those of values that are of classes that there are, each once.
func (p Policy) known(values []string) (list []string) {
	for _, v := range p.named(values) {
		if !slices.Contains(list, v.Value) {
			list = append(list, v.Value)
		}
	}
	return list
}

// anyACR is the class of any sign-in at all, as level 1 of ISO/IEC 29115, where no row says otherwise.
const anyACR = "1"

// ACR returns the class that a sign-in with these methods reached: the first that was asked for, else the strongest.
func (p Policy) ACR(amr, asked []string) string {
	proven := strengthOf(amr)
	for _, v := range p.named(asked) {
		if proven.reaches(v) {
			return v.Value
		}
	}
	for _, v := range slices.Backward(p.ACRValues) {
		if proven.reaches(v) {
			return v.Value
		}
	}
	return anyACR
}

// checkACR refuses a request for classes none of which can be reached; nil means that none was requested (OpenID Connect Core
// §5.5.1.1).
func (p Policy) checkACR(essential []string) *Error {
	if essential == nil || len(p.named(essential)) > 0 {
		return nil
	}
	return refuse(UnmetAuthenticationRequirements, "none of the acr values that are essential can be reached")
}

// group returns the first group of u that asks for two factors by now, "" for none.
func (p Policy) group(u *User, now time.Time) string {
	for _, g := range p.MFAGroups {
		if (g.From == nil || !now.Before(*g.From)) && slices.Contains(u.Groups, g.Name) {
			return g.Name
		}
	}
	return ""
}
