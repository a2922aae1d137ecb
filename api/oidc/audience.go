package oidc

import "encoding/json"

// Audience is written as a string where it has one member, else as an array of strings, and read from both (RFC 7519 §4.1.3).
type Audience []string

// MarshalJSON writes a single member as a string, which most readers of tokens expect.
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON reads both forms.
func (a *Audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = Audience{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(b, &many)
	*a = many
	return err
}
