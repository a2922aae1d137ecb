package authn

import (
	"os"
	"strings"
	"testing"
)

// elsewhere are hashes of right that other programs made: Django 5.2, passlib 1.7, Werkzeug 3, libxcrypt, OpenSSL, hashlib
// of Python. A line has the program and the hash.
var elsewhere = func() (list []foreignHash) {
	text, err := os.ReadFile("testdata/hashes.txt")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(text)) {
		made, stored, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, foreignHash{made, stored})
	}
	return append(list, foreignHash{"a directory's argon2", "{ARGON2}" + todaysArgon}, foreignHash{"Keycloak's, indented", `
		{
			"type": "password",
			"secretData": {"value": "yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=", "salt": "AAECAwQFBgcICQoLDA0ODw=="},
			"credentialData": {"hashIterations": 1000, "algorithm": "pbkdf2-sha256"}
		}
		`})
}()

type foreignHash struct{ made, stored string }

func TestHashesThatOtherProgramsMadeAreVerifiedAndReplaced(t *testing.T) {
	t.Parallel()
	p, _ := stopped(t)
	for _, test := range elsewhere {
		ok, upgraded, err := p.Verify(t.Context(), Caller{Known: true}, test.stored, right)
		// Under the race detector ours are not even as good as those of Keycloak.
		asGood := strings.HasSuffix(test.stored, todaysArgon) || test.made == "keycloak argon2" && argonMemory*argonTime < 7168*5
		if !ok || err != nil || (upgraded == "") != asGood {
			t.Errorf("%s: %v, %q, %v", test.made, ok, upgraded, err)
		} else if again, _, _ := p.Verify(t.Context(), Caller{Known: true}, upgraded, right); !again && !asGood {
			t.Errorf("%s: the new hash does not match", test.made)
		}
		for _, wrong := range []string{"correct hors", "correct horse\x00"} {
			if ok, _, err := p.Verify(t.Context(), Caller{Known: true}, test.stored, wrong); ok || err != nil {
				t.Errorf("%s takes %q, %v", test.made, wrong, err)
			}
		}
	}
}

// TestHashesOfLongPasswords: crypt(3) reads the password in blocks of its digest, and Python made these.
func TestHashesOfLongPasswords(t *testing.T) {
	t.Parallel()
	p, _ := stopped(t)
	long := strings.Repeat("pässword ", 8)
	for _, stored := range []string{
		"$6$rounds=1000$saltstring$tTHJ5O4/TbbErI4XHQ45JknMT0PRYYAB6hrxSFmkPwvLbL/otWjrY/CVOm9E/NbW4ndbf4sg9aSfS2Tb.uKuY.",
		"$5$rounds=1000$saltstring$qDDuc6KP/A4sNIj.ZDZITTTI5o30Ib9NX2eSBsJnN/A",
	} {
		if ok, _, err := p.Verify(t.Context(), Caller{Known: true}, stored, long); !ok || err != nil {
			t.Errorf("%s: %v, %v", stored, ok, err)
		}
		if ok, _, _ := p.Verify(t.Context(), Caller{Known: true}, stored, long+strings.Repeat("x", 300)); ok {
			t.Errorf("%s takes a longer one", stored)
		}
	}
}
