//go:build !race

package authn

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestHashesCostWhatTheyHaveTo(t *testing.T) {
	hash, err := NewPasswords(1, 1).Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || HashMemory != 19456<<10 {
		t.Errorf("a password: %s, %v", hash, err)
	}
	const madeByPython = "3965d3d20979c269271794cf7625ef0eff707bd89b4df789293d8009438b8251"
	digest, ok := RecoveryDigest("abcde-fghjk", "6f1d")
	if !ok || hex.EncodeToString(digest[:]) != madeByPython {
		t.Errorf("a recovery code: %x, %v", digest, ok)
	}
}
