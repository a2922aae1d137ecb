package authn

import (
	"strings"

	"github.com/sethvargo/go-diceware/diceware"
)

// How many words are in what people type: a code that is shown to a room and good for a seat, of 38 bits, and a phrase that is a password,
// of 51.
const (
	CodeWords   = 3
	PhraseWords = 4
)

// RandomWords returns n words of a list of 7,776 (the large one of the EFF), with dashes between them: small letters without accents, to be
// read out, written down and typed on a phone.
func RandomWords(n int) string {
	return strings.Join(diceware.MustGenerate(n), "-")
}
