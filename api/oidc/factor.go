package oidc

import (
	"slices"
	"time"
)

// Factor is what a proof of who somebody is rests on (NIST SP 800-63-3 §4.3.1).
type Factor string

// What a proof can rest on.
const (
	Knowledge  Factor = "knowledge"  // a password
	Possession Factor = "possession" // a device or a key
	Inherence  Factor = "inherence"  // a fingerprint
	Elsewhere  Factor = "elsewhere"  // whatever an upstream asked for
)

// Authentication methods (RFC 8176 §2). A session has those of each proof; tokens say AMRMultiple whenever two factors were proven.
const (
	AMRPassword    = "pwd"
	AMROneTimeCode = "otp" // a one-time code or a recovery code
	AMRHardwareKey = "hwk"
	AMRSoftwareKey = "swk"
	AMRPresence    = "user"
	AMRMultiple    = "mfa"
)

// factors are those that the methods of RFC 8176 §2 prove. The others, such as geo, do not tell which.
var factors = map[string]Factor{AMRPassword: Knowledge, "pin": Knowledge, "kba": Knowledge,
	AMROneTimeCode: Possession, "sms": Possession, "tel": Possession, AMRHardwareKey: Possession, AMRSoftwareKey: Possession,
	"sc": Possession, "pop": Possession,
	"fpt": Inherence, "face": Inherence, "iris": Inherence, "retina": Inherence, "vbm": Inherence}

// strength is how well somebody has proven who they are.
type strength struct {
	factors           int // different ones
	phishingResistant bool
	hardwareProtected bool
}

// strengthOf returns what a sign-in with these methods has proven. Nobody is signed in for nothing: where no method says what
// the first proof rested on, it was at an upstream, and what was proven here came on top of it. That an upstream had several
// factors proven is said by mfa, which is among the methods only if its row says that it counts.
func strengthOf(amr []string) strength {
	var proven []Factor
	for _, method := range amr {
		if f, known := factors[method]; known && !slices.Contains(proven, f) {
			proven = append(proven, f)
		}
	}
	s := strength{factors: len(proven)}
	multiple := slices.Contains(amr, AMRMultiple)
	isKey := func(method string) bool { return method == AMRHardwareKey || method == AMRSoftwareKey }
	switch {
	case multiple:
		s.factors = max(2, s.factors)
	case !slices.Contains(proven, Knowledge) && len(proven) <= 1:
		s.factors++
	}
	s.phishingResistant = multiple && slices.ContainsFunc(amr, isKey)
	s.hardwareProtected = slices.Contains(amr, AMRHardwareKey)
	return s
}

func (s strength) reaches(v ACRValue) bool {
	return s.factors >= v.Factors && (s.phishingResistant || !v.PhishingResistant) && (s.hardwareProtected || !v.HardwareProtected)
}

// AMROf returns the amr of a token: what the session has, and that it was several factors where it was.
func AMROf(amr []string) []string {
	if slices.Contains(amr, AMRMultiple) || strengthOf(amr).factors < 2 {
		return NotNil(amr)
	}
	return append(slices.Clone(amr), AMRMultiple)
}

// Enrolled is what a person has set up beside a password.
type Enrolled struct {
	TOTP          bool
	Passkey       bool
	HardwareKey   bool // one of the passkeys is in hardware that an administrator has seen
	RecoveryCodes int  // that are left
}

// Any reports whether there is a factor; recovery codes stand for one that is lost, and are none themselves.
func (e Enrolled) Any() bool { return e.TOTP || e.Passkey }

// Way is a way to prove one more factor.
type Way string

// The ways there are.
const (
	ByPasskey      Way = "passkey"
	ByTOTP         Way = "totp"
	ByRecoveryCode Way = "recovery_code"
)

// amr is what a way adds to that of the session.
func (w Way) amr(hardware bool) []string {
	switch {
	case w != ByPasskey:
		return []string{AMROneTimeCode}
	case hardware:
		return PasskeyAMR(true)
	}
	return PasskeyAMR(false)
}

// PasskeyAMR returns the methods of a sign-in with a passkey after a user verification, which is two factors (RFC 8176 §2). That its
// key is in hardware is known only of one that an administrator has seen.
func PasskeyAMR(hardware bool) []string {
	key := AMRSoftwareKey
	if hardware {
		key = AMRHardwareKey
	}
	return []string{key, AMRPresence, AMRMultiple}
}

// ways are those by which this person can prove one more factor, the best first.
func (e Enrolled) ways() (list []Way) {
	if e.Passkey {
		list = append(list, ByPasskey)
	}
	if e.TOTP {
		list = append(list, ByTOTP)
	}
	if e.Any() && e.RecoveryCodes > 0 {
		list = append(list, ByRecoveryCode)
	}
	return list
}

// Demand is something that asks for a class: any of these will do.
type Demand struct {
	AnyOf []ACRValue
	By    string // ByPerson, ByGroup, ByClient, ByResource or ByRequest
	Name  string // of the group or the resource
	soft  bool   // only if it can be met
}

// What can ask for more than a sign-in.
const (
	ByPerson   = "person"   // who has set up a factor
	ByGroup    = "group"    // groups.mfa
	ByClient   = "client"   // clients.min_acr
	ByResource = "resource" // resources.min_acr
	ByRequest  = "request"  // an essential acr, or acr_values
)

// twoFactors is what somebody is asked for who has set up a second one, or has to have one.
var twoFactors = ACRValue{Value: AMRMultiple, Factors: 2}

// Demands returns all that asks for a class of a sign-in of s.User at the client. They hold together, so that the strongest counts.
//
// Whoever has set up a factor is asked for it, whatever the request.
func (r AuthorizeRequest) Demands(c *Client, s Standing, now time.Time) (list []Demand) {
	if s.Enrolled.Any() {
		list = append(list, Demand{AnyOf: []ACRValue{twoFactors}, By: ByPerson})
	}
	if group := c.Policy.group(s.User, now); group != "" {
		list = append(list, Demand{AnyOf: []ACRValue{twoFactors}, By: ByGroup, Name: group})
	}
	if c.MinACR != "" && (c.MinACRFrom == nil || !now.Before(*c.MinACRFrom)) {
		list = append(list, Demand{AnyOf: c.Policy.named([]string{c.MinACR}), By: ByClient})
	}
	for _, identifier := range r.Services(c) {
		if d, asks := c.demand(identifier, s.User); asks {
			list = append(list, d)
		}
	}
	if r.EssentialACR != nil {
		list = append(list, Demand{AnyOf: c.Policy.named(r.EssentialACR), By: ByRequest})
	}
	if wanted := c.Policy.named(r.ACRValues); wanted != nil {
		list = append(list, Demand{AnyOf: wanted, By: ByRequest, soft: true})
	}
	return list
}

func (d Demand) metBy(amr []string) bool {
	return slices.ContainsFunc(d.AnyOf, strengthOf(amr).reaches)
}

// Unmet returns the demands that the session does not meet and that are no mere wishes.
func (r AuthorizeRequest) Unmet(c *Client, s Standing, now time.Time) (list []Demand) {
	for _, d := range r.Demands(c, s, now) {
		if !d.soft && !d.metBy(s.Session.AMR) {
			list = append(list, d)
		}
	}
	return list
}

// Ways returns the ways by which the person can meet all that is not met yet, the best first; wished reports whether it is but a
// wish of the request. nil where nothing is missing, or where nothing that they have set up would do.
func (r AuthorizeRequest) Ways(c *Client, s Standing, now time.Time) (list []Way, wished bool) {
	unmet := r.Unmet(c, s, now)
	meets := func(demands []Demand) (list []Way) {
		for _, w := range s.Enrolled.ways() {
			amr := slices.Concat(s.Session.AMR, w.amr(s.Enrolled.HardwareKey))
			if !slices.ContainsFunc(demands, func(d Demand) bool { return !d.metBy(amr) }) {
				list = append(list, w)
			}
		}
		return list
	}
	for _, d := range r.Demands(c, s, now) {
		if d.soft && !d.metBy(s.Session.AMR) {
			if list := meets(append(slices.Clone(unmet), d)); list != nil {
				return list, len(unmet) == 0
			}
		}
	}
	if len(unmet) == 0 {
		return nil, false
	}
	if list := meets(unmet); list != nil || unmet[0].By != ByPerson {
		return list, false
	}
	return meets(unmet[:1]), false // whoever has a factor proves it before they may set up another: a password alone adds nothing
}

// Addable returns what the person can set up so that all that is not met yet is; nil where nothing would do.
func (r AuthorizeRequest) Addable(c *Client, s Standing, now time.Time) (list []Way) {
	for _, w := range []Way{ByPasskey, ByTOTP} {
		amr := slices.Concat(s.Session.AMR, w.amr(false))
		if !slices.ContainsFunc(r.Unmet(c, s, now), func(d Demand) bool { return !d.metBy(amr) }) {
			list = append(list, w)
		}
	}
	return list
}
