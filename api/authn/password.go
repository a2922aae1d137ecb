// Package authn is how a person proves who they are: one file per method, and the rules that slow down guessing.
package authn

import (
	"context"
	"errors"
	"strings"
	"time"
)

// ErrBusy means that enough people are waiting already: answer 503 with Retry-After.
var ErrBusy = errors.New("too many passwords are being checked")

const (
	// MaxPassword is in bytes. Longer passwords never match; CheckNewPassword refuses them.
	MaxPassword = 1024

	// failureFloor is how long a failed check takes at least. bcrypt of cost 12 and argon2id with our parameters stay
	// below, on one busy core too, so that a failure does not tell which hash a user has, or whether there is one. What
	// costs more can be told apart until the user's next sign-in, which replaces the hash.
	failureFloor = 400 * time.Millisecond
)

// Passwords computes and checks password hashes, a few at a time: one takes HashMemory and tens of milliseconds of a core, and
// whoever can reach the login form can ask for it.
//
// A password is compared as the bytes that were sent, with no Unicode normalisation: hashes come in by SQL from places that did
// not normalise, and could never match otherwise.
type Passwords struct {
	places  chan struct{} // taken by hashes that are computed or wait
	workers chan struct{} // taken by hashes that are computed
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
}

// NewPasswords returns a Passwords that computes workers hashes at once and has queue more wait.
func NewPasswords(workers, queue int) *Passwords {
	workers, queue = max(workers, 1), max(queue, 0)
	return &Passwords{
		places:  make(chan struct{}, workers+queue),
		workers: make(chan struct{}, workers),
		now:     time.Now,
		sleep:   sleep,
	}
}

// Hash returns an argon2id PHC string for users.password. Errors: ErrBusy, or that of ctx while waiting.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	release, err := p.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return hashArgon2id(password), nil
}

// Verify reports whether password is the one of the stored hash: bcrypt ($2a$, $2b$, $2y$) or argon2id. If it is, and the hash is
// of an older kind or weaker than today's, upgraded is what to store instead.
//
// Pass "" as stored when there is no such user, or none who may sign in with a password: that, an invalid hash and a wrong
// password take the same time and have the same result. Errors: ErrBusy, or that of ctx while waiting.
func (p *Passwords) Verify(ctx context.Context, stored, password string) (ok bool, upgraded string, err error) {
	release, err := p.acquire(ctx)
	if err != nil {
		return false, "", err
	}
	began := p.now() // after the wait, or the time of the computation would show on top of it
	func() {
		defer release()
		ok, upgraded = check(stored, password)
	}()
	if ok {
		return true, upgraded, nil
	}
	return false, "", p.sleep(ctx, failureFloor-p.now().Sub(began))
}

// acquire waits for a worker, first come, first served.
func (p *Passwords) acquire(ctx context.Context) (release func(), err error) {
	select {
	case p.places <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case p.workers <- struct{}{}:
		return func() { <-p.workers; <-p.places }, nil
	case <-ctx.Done():
		<-p.places
		return nil, ctx.Err()
	}
}

func check(stored, password string) (ok bool, upgraded string) {
	h, known := parseHash(stored)
	if !known || len(password) > MaxPassword || !h.takes(password) {
		burn(password)
		return false, ""
	}
	if !h.matches(password) {
		return false, ""
	}
	if h.outdated(password) {
		upgraded = hashArgon2id(password)
	}
	return true, upgraded
}

// hash is a stored hash with parameters that are sane, so that checking it is safe.
type hash interface {
	takes(password string) bool    // false if this kind cannot tell this password from others
	matches(password string) bool  // in constant time
	outdated(password string) bool // whether a password that matches is due for a new hash
}

func parseHash(stored string) (h hash, ok bool) {
	if strings.HasPrefix(stored, "$argon2id$") {
		return parseArgon2id(stored)
	}
	return parseBcrypt(stored)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
