package keys

import (
	"errors"
	"strings"
	"testing"
)

func TestABoxOpensWhatWasSealedForItsPurposeAndDataOnly(t *testing.T) {
	t.Parallel()
	type letter struct {
		To    string
		Lines []string `json:",omitempty"`
	}
	s := sealer(t, 1)
	box := Box[letter]{"letter"}
	text := box.Seal(s, letter{To: "<a&b>", Lines: []string{"one"}}, []byte("aad"))
	if got, err := box.Open(s, text, []byte("aad")); err != nil || got.To != "<a&b>" || len(got.Lines) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if strings.ContainsAny(text, "+/=") {
		t.Errorf("%s is not base64url", text)
	}
	for name, open := range map[string]func() (letter, error){
		"another aad":     func() (letter, error) { return box.Open(s, text, []byte("other")) },
		"another purpose": func() (letter, error) { return Box[letter]{"parcel"}.Open(s, text, []byte("aad")) },
		"another key":     func() (letter, error) { return box.Open(sealer(t, 2), text, []byte("aad")) },
		"no text":         func() (letter, error) { return box.Open(s, "", []byte("aad")) },
		"a line break":    func() (letter, error) { return box.Open(s, text+" ", []byte("aad")) },
		"another type":    func() (letter, error) { return box.Open(s, Box[[]int]{"letter"}.Seal(s, []int{1}, nil), nil) },
		"no JSON":         func() (letter, error) { return box.Open(s, s.sealText("letter", []byte(`{"To":"x"`), nil), nil) },
	} {
		if got, err := open(); !errors.Is(err, ErrSealed) || got.To != "" || got.Lines != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
