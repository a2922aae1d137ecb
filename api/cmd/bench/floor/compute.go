package floor

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// A Computation is one that a provider cannot do without.
type Computation struct {
	What string
	Do   func()
}

// Computations are signatures and password hashes.
func Computations() ([]Computation, error) {
	message := string(make([]byte, 400))
	sum := sha256.Sum256([]byte(message))
	rs256, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	es256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	public, eddsa, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	es256Signature, err := ecdsa.SignASN1(rand.Reader, es256, sum[:])
	if err != nil {
		return nil, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("password"), 12)
	if err != nil {
		return nil, err
	}
	signature := ed25519.Sign(eddsa, []byte(message))
	return []Computation{
		{"RS256 signature, 2048 bits", func() { signRS256(rs256, message) }},
		{"ES256 signature", func() { signES256(es256, message) }},
		{"ES256 verification", func() { ecdsa.VerifyASN1(&es256.PublicKey, sum[:], es256Signature) }},
		{"EdDSA signature", func() { ed25519.Sign(eddsa, []byte(message)) }},
		{"EdDSA verification", func() { ed25519.Verify(public, []byte(message), signature) }},
		{"argon2id, 19 MiB, two passes", Argon2id},
		{"bcrypt, cost 12", func() { _ = bcrypt.CompareHashAndPassword(hash, []byte("password")) }},
	}, nil
}

// Argon2id is a hash as Gatehouse makes them (api/authn/hash.go).
func Argon2id() { argon2.IDKey([]byte("password"), []byte("0123456789abcdef"), 2, 19<<10, 1, 32) }

// Cost returns what a computation costs, in milliseconds of CPU, while each core does it: cores share the way to memory.
func Cost(compute func()) float64 {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it fails for no valid argument
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := time.Now()
	compute()
	times := max(10, int(time.Second/(time.Since(began)+1)))
	before := used()
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for range times {
				compute()
			}
		})
	}
	all.Wait()
	return (used() - before).Seconds() * 1000 / float64(times*runtime.NumCPU())
}
