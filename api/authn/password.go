// Package authn is how a person proves who they are: one file per method, and the rules that slow down guessing.
package authn

import (
	"context"
	"errors"
	"time"
)

// ErrBusy means that enough people are waiting already: answer 503 with Retry-After.
var ErrBusy = errors.New("too many passwords are being checked")

const (
	// MaxPassword is in bytes. Longer passwords never match; NewPassword.Check refuses them.
	MaxPassword = 1024

	// failureFloor is how long a failed check takes at least. bcrypt of cost 12 and argon2id with our parameters stay
	// below, on one busy core too, so that a failure does not tell which hash a user has, or whether there is one. What
	// costs more can be told apart until the user's next sign-in, which replaces the hash.
	failureFloor = 400 * time.Millisecond

	// muchMemory is beyond what the workers may take at once, in bytes.
	muchMemory = 64 << 20
)

// Passwords computes and checks password hashes, a few at a time: one takes HashMemory and tens of milliseconds of a core, and
// whoever can reach the login form can ask for it.
//
// A password is compared as the bytes that were sent, with no Unicode normalisation: hashes come in by SQL from places that did
// not normalise, and could never match otherwise.
type Passwords struct {
	places  *places
	workers chan struct{} // taken by hashes that are computed
	large   chan struct{} // taken by the one of them that takes much memory
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
}

// NewPasswords returns a Passwords that computes workers hashes at once and has queue more wait.
func NewPasswords(workers, queue int) *Passwords {
	workers, queue = max(workers, 1), max(queue, 0)
	return &Passwords{
		places:  newPlaces(workers, queue),
		workers: make(chan struct{}, workers),
		large:   make(chan struct{}, 1),
		now:     time.Now,
		sleep:   sleep,
	}
}

// InUse returns how many hashes are computed or wait, and how many may at most.
func (p *Passwords) InUse() (taken, places int) { return p.places.inUse(), p.places.all }

// Hash returns an argon2id PHC string for users.password. Errors: ErrBusy, or that of ctx while waiting.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	release, err := p.acquire(ctx, Caller{Known: true}, 0)
	if err != nil {
		return "", err
	}
	defer release()
	return hashArgon2id(password), nil
}

// Verify reports whether password is the one of the stored hash, which has one of the forms of docs/sql.md. If it is, and the hash
// is of another kind or weaker than today's, upgraded is what to store instead.
//
// Pass "" as stored when there is no such user, or none who may sign in with a password: that, an invalid hash and a wrong
// password take the same time and have the same result. Errors: ErrBusy, or that of ctx while waiting.
func (p *Passwords) Verify(ctx context.Context, c Caller, stored, password string) (ok bool, upgraded string, err error) {
	h, known := parseHash(stored)
	release, err := p.acquire(ctx, c, h.memory)
	if err != nil {
		return false, "", err
	}
	began := p.now() // after the wait, or the time of the computation would show on top of it
	func() {
		defer release()
		ok, upgraded = check(h, known, password)
	}()
	if ok {
		return true, upgraded, nil
	}
	return false, "", p.sleep(ctx, failureFloor-p.now().Sub(began))
}

// acquire waits for a worker, first come, first served. Of hashes that take much memory, in bytes, one is computed at a time, however
// many workers there are.
func (p *Passwords) acquire(ctx context.Context, c Caller, memory int) (release func(), err error) {
	leave, ok := p.places.enter(c)
	if !ok {
		return nil, ErrBusy
	}
	var taken []chan struct{}
	release = func() {
		for _, c := range taken {
			<-c
		}
		leave()
	}
	wanted := []chan struct{}{p.workers}
	if memory > muchMemory {
		wanted = []chan struct{}{p.large, p.workers}
	}
	for _, c := range wanted {
		select {
		case c <- struct{}{}:
			taken = append(taken, c)
		case <-ctx.Done():
			release()
			return nil, ctx.Err()
		}
	}
	return release, nil
}

func check(h storedHash, known bool, password string) (ok bool, upgraded string) {
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
