package keys

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func sealer(t testing.TB, keys ...byte) *Sealer {
	t.Helper()
	var all [][32]byte
	for _, k := range keys {
		all = append(all, [32]byte{k})
	}
	s, err := NewSealer(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedOpensUnderTheSamePurposeAndDataOnly(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	for _, plaintext := range []string{"", "x", strings.Repeat("a pending request ", 300)} {
		sealed := s.Seal("request", []byte(plaintext), []byte("cookie"))
		if len(sealed) != len(plaintext)+SealOverhead {
			t.Errorf("%d bytes for %d, want %d more", len(sealed), len(plaintext), SealOverhead)
		}
		if got, err := s.Open("request", sealed, []byte("cookie")); err != nil || string(got) != plaintext {
			t.Errorf("opened %q, %v", got, err)
		}
		if bytes.Equal(sealed, s.Seal("request", []byte(plaintext), []byte("cookie"))) {
			t.Error("sealed twice, the same bytes")
		}
		for name, open := range map[string]func() ([]byte, error){
			"another purpose":    func() ([]byte, error) { return s.Open("device", sealed, []byte("cookie")) },
			"other data":         func() ([]byte, error) { return s.Open("request", sealed, []byte("cookiE")) },
			"no data":            func() ([]byte, error) { return s.Open("request", sealed, nil) },
			"another key":        func() ([]byte, error) { return sealer(t, 2).Open("request", sealed, []byte("cookie")) },
			"cut short":          func() ([]byte, error) { return s.Open("request", sealed[:len(sealed)-1], []byte("cookie")) },
			"nothing":            func() ([]byte, error) { return s.Open("request", nil, []byte("cookie")) },
			"something appended": func() ([]byte, error) { return s.Open("request", append(slices.Clone(sealed), 0), []byte("cookie")) },
		} {
			if got, err := open(); !errors.Is(err, ErrSealed) || err.Error() != ErrSealed.Error() || got != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
}

func TestEveryBitOfASealedValueCounts(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	sealed := s.Seal("request", []byte("secret"), nil)
	for i := range len(sealed) * 8 {
		altered := slices.Clone(sealed)
		altered[i/8] ^= 1 << (i % 8)
		if _, err := s.Open("request", altered, nil); !errors.Is(err, ErrSealed) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
}

func TestTheFirstKeyEncryptsAndAllDecrypt(t *testing.T) {
	t.Parallel()
	old, both, swapped := sealer(t, 1), sealer(t, 2, 1), sealer(t, 1, 2)
	before := old.Seal("request", []byte("old"), nil)
	if got, err := both.Open("request", before, nil); err != nil || string(got) != "old" {
		t.Errorf("the old key does not decrypt: %q, %v", got, err)
	}
	after := both.Seal("request", []byte("new"), nil)
	if _, err := old.Open("request", after, nil); !errors.Is(err, ErrSealed) {
		t.Errorf("the new key does not encrypt: %v", err)
	}
	if got, err := swapped.Open("request", after, nil); err != nil || string(got) != "new" {
		t.Errorf("the order of the keys matters for decryption: %q, %v", got, err)
	}
}

func TestSealSameGivesTheSameForTheSameOnly(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1, 2)
	one := s.SealSame("refresh", []byte("token"), []byte("data"))
	if !bytes.Equal(one, sealer(t, 1).SealSame("refresh", []byte("token"), []byte("data"))) {
		t.Error("another replica makes another value")
	}
	if got, err := sealer(t, 2, 1).Open("refresh", one, []byte("data")); err != nil || string(got) != "token" {
		t.Errorf("opened %q, %v", got, err)
	}
	nonce := func(sealed []byte) string { return string(sealed[sealHeader:sealPrefix]) }
	seen := map[string]string{nonce(one): "it"}
	for name, other := range map[string][]byte{
		"purpose":          s.SealSame("code", []byte("token"), []byte("data")),
		"plaintext":        s.SealSame("refresh", []byte("tokeN"), []byte("data")),
		"data":             s.SealSame("refresh", []byte("token"), []byte("datA")),
		"line between the": s.SealSame("refresh", []byte("atoken"), []byte("dat")),
		"key":              sealer(t, 2, 1).SealSame("refresh", []byte("token"), []byte("data")),
	} {
		if what, again := seen[nonce(other)]; again {
			t.Errorf("another %s, the same nonce as of %s", name, what)
		}
		seen[nonce(other)] = name
	}
}

func TestDeriveIsStableAndOfOnePurposeAndKey(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1, 2)
	one := s.Derive("refresh", []byte("token"))
	if one != sealer(t, 1).Derive("refresh", []byte("token")) {
		t.Error("another replica derives another value")
	}
	for name, other := range map[string][32]byte{
		"purpose": s.Derive("throttle", []byte("token")),
		"input":   s.Derive("refresh", []byte("tokeN")),
		"key":     sealer(t, 2, 1).Derive("refresh", []byte("token")),
	} {
		if other == one {
			t.Errorf("another %s, the same value", name)
		}
	}
}

func TestUnusableEncryptionKeysAreNamed(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][][32]byte{"none": nil, "zeros": {{}}, "twice": {{1}, {2}, {1}}} {
		if _, err := NewSealer(keys); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_ENCRYPTION_KEY") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f, 1)
	f.Add(s.Seal("request", []byte("x"), nil))
	f.Add([]byte{sealVersion})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, err := s.Open("other", sealed, nil); err == nil {
			t.Errorf("opened %q", got)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s, plaintext := sealer(b, 1), make([]byte, 700)
	b.ReportAllocs()
	for b.Loop() {
		s.Seal("request", plaintext, nil)
	}
}

func BenchmarkOpen(b *testing.B) {
	s := sealer(b, 1)
	sealed := s.Seal("request", make([]byte, 700), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open("request", sealed, nil); err != nil {
			b.Fatal(err)
		}
	}
}
