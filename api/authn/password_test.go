package authn

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// right and its hashes, made elsewhere: by pgcrypto, crypt(…, gen_salt('bf')), and by the reference code of argon2.
const (
	right        = "correct horse"
	fromPgcrypto = "$2a$06$qO8MC/5L1rlJZsJkUZYXROnAJpNbW576YdZFAd7p3TkTXuO4ve.Yy"
	weakArgon    = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$bIKRw3Ua1pluirFy81fnppmR01EnUxY3hLEBwbWxBG8"
	todaysArgon  = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$k9ohroejZy1PN5E1SbHNPug6vB8eQAahb5SOAp6iGF4"
	strongArgon  = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$7YbYS2w24dSTBgFeLZ/Pp5pFxLjWTXyOMrr1Ld8BcEI"
)

// stopped returns Passwords that note how long they would have slept.
func stopped(t *testing.T) (*Passwords, *time.Duration) {
	t.Helper()
	p := NewPasswords(2, 8)
	var slept time.Duration
	p.sleep = func(_ context.Context, d time.Duration) error { slept = d; return nil }
	return p, &slept
}

func bcryptOf(t testing.TB, password string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestVerifyTellsRightFromWrongForEveryKind(t *testing.T) {
	t.Parallel()
	p, _ := stopped(t)
	cheap := bcryptOf(t, right, 4)
	current := hashArgon2id(right)
	long := strings.Repeat("x", bcryptMax)
	for _, test := range []struct {
		name, stored, password string
		ok, upgraded           bool
	}{
		{"argon2id of today", current, right, true, false},
		{"argon2id, wrong", current, "correct horsf", false, false},
		{"argon2id, empty", current, "", false, false},
		{"argon2id of today, made elsewhere", todaysArgon, right, true, false},
		{"weaker argon2id", weakArgon, right, true, true},
		{"weaker argon2id, wrong", weakArgon, "wrong", false, false},
		{"stronger argon2id", strongArgon, right, true, false},
		{"bcrypt of pgcrypto", fromPgcrypto, right, true, true},
		{"bcrypt", cheap, right, true, true},
		{"bcrypt, wrong", cheap, "wrong", false, false},
		{"bcrypt as $2b$", "$2b$" + cheap[4:], right, true, true},
		{"bcrypt as $2y$", "$2y$" + cheap[4:], right, true, true},
		{"bcrypt of a faulty implementation", "$2x$" + cheap[4:], right, false, false},
		{"bcrypt without a letter", "$2$" + cheap[4:], right, false, false},
		{"bcrypt with something behind", cheap + "a", right, false, false},
		{"bcrypt reads 72 bytes, and what it did not read is not stored", bcryptOf(t, long, 4), long + "typo", true, false},
		{"bcrypt repeats with NUL", bcryptOf(t, "a", 4), "a\x00a", false, false},
		{"nothing stored", "", right, false, false},
		{"nothing stored, nothing typed", "", "", false, false},
		{"plaintext stored", right, right, false, false},
		{"longer than 1,024 bytes", hashArgon2id(strings.Repeat("x", 1025)), strings.Repeat("x", 1025), false, false},
		{"1,024 bytes", hashArgon2id(strings.Repeat("x", 1024)), strings.Repeat("x", 1024), true, false},
		{"composed is not decomposed", hashArgon2id("pässword"), "pa\u0308ssword", false, false},
	} {
		ok, upgraded, err := p.Verify(t.Context(), Caller{Known: true}, test.stored, test.password)
		if err != nil || ok != test.ok || (upgraded != "") != test.upgraded {
			t.Errorf("%s: %v, upgraded %q, %v", test.name, ok, upgraded, err)
			continue
		}
		if upgraded != "" {
			if again, twice, _ := p.Verify(t.Context(), Caller{Known: true}, upgraded, test.password); !again || twice != "" {
				t.Errorf("%s: the upgraded hash %s gives %v, %q", test.name, upgraded, again, twice)
			}
		}
	}
}

func TestAbsurdCostsAreRefusedWithoutComputing(t *testing.T) {
	t.Parallel()
	salt, key := "c29tZXNhbHRzb21lc2FsdA", strings.Repeat("A", 43)
	for _, stored := range []string{
		"$2a$15$" + strings.Repeat("a", 53),
		"$2a$31$" + strings.Repeat("a", 53),
		"$2a$03$" + strings.Repeat("a", 53),
		"$argon2id$v=19$m=1048577,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=1048576,t=3,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=9999999,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=65536,t=11,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=65536,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=65536,t=1,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=65536,t=1,p=17$" + salt + "$" + key,
		"$argon2id$v=19$m=7,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=65536,t=1,p=1$" + salt + "$" + key,
		"$argon2d$v=19$m=65536,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=65536,t=1,p=1$" + salt + "$" + strings.Repeat("A", 87),
		"$argon2id$v=19$m=65536,t=1,p=1$" + salt + "$",
		"$argon2id$v=19$m=65536,t=1,p=1$" + salt + "$" + key + "\n",
	} {
		if _, ok := parseHash(stored); ok {
			t.Errorf("%s is accepted", stored)
		}
	}
}

// No failure is released before the floor, whatever it cost; and all costs stay below it.
func TestFailuresTakeTheSameTimeForKnownAndUnknown(t *testing.T) {
	t.Parallel()
	p, slept := stopped(t)
	for name, stored := range map[string]string{
		"unknown user": "", "argon2id": hashArgon2id(right), "bcrypt 4": bcryptOf(t, right, 4), "bcrypt 10": bcryptOf(t, right, 10),
		"absurd": "$2a$31$" + strings.Repeat("a", 53),
	} {
		now := time.Unix(0, 0)
		p.now = func() time.Time { defer func() { now = now.Add(30 * time.Millisecond) }(); return now }
		if ok, _, err := p.Verify(t.Context(), Caller{Known: true}, stored, "wrong"); ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		if *slept != failureFloor-30*time.Millisecond {
			t.Errorf("%s: slept %v", name, *slept)
		}
	}
	*slept = 0
	if ok, _, _ := p.Verify(t.Context(), Caller{Known: true}, fromPgcrypto, right); !ok || *slept != 0 {
		t.Errorf("a right password waited %v", *slept)
	}
}

func TestTheQueueIsBoundedAndWaitingFollowsTheContext(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1)
	release, err := p.acquire(t.Context(), Caller{Known: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { _, err := p.Hash(ctx, right); waiting <- err }()
	for p.places.inUse() < 2 {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := p.Verify(t.Context(), Caller{Known: true}, "", right); !errors.Is(err, ErrBusy) {
		t.Errorf("the third gets %v, want ErrBusy", err)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up waiting gets %v", err)
	}
	release()
	if h, err := p.Hash(t.Context(), right); err != nil || h == "" {
		t.Errorf("places are lost: %v", err)
	}
	if p.places.inUse() != 0 || len(p.workers) != 0 {
		t.Errorf("%d places and %d workers are still taken", p.places.inUse(), len(p.workers))
	}
}

// Whoever imported hashes of a GiB each must not have as many computed at once as there are workers.
func TestOfHashesThatTakeMuchMemoryOneIsComputedAtATime(t *testing.T) {
	t.Parallel()
	p := NewPasswords(4, 4)
	release, err := p.acquire(t.Context(), Caller{Known: true}, muchMemory+1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.acquire(ctx, Caller{Known: true}, muchMemory+1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second one: %v", err)
	}
	small, err := p.acquire(t.Context(), Caller{Known: true}, muchMemory)
	if err != nil {
		t.Fatal(err)
	}
	small()
	release()
	if p.places.inUse()+len(p.workers)+len(p.large) != 0 {
		t.Errorf("%d places, %d workers and %d are still taken", p.places.inUse(), len(p.workers), len(p.large))
	}
}

// A sleeper holds no worker, or a handful of wrong passwords would keep everybody waiting.
func TestWaitingForTheFloorHoldsNoWorker(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 0)
	asleep := make(chan struct{})
	wake := make(chan struct{})
	p.sleep = func(context.Context, time.Duration) error { close(asleep); <-wake; return nil }
	var done sync.WaitGroup
	done.Go(func() { _, _, _ = p.Verify(context.Background(), Caller{Known: true}, "", "wrong") })
	<-asleep
	if _, err := p.Hash(t.Context(), right); err != nil {
		t.Errorf("while another sleeps: %v", err)
	}
	close(wake)
	done.Wait()
}

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("sleep gives %v", err)
	}
	if err := sleep(t.Context(), time.Microsecond); err != nil {
		t.Errorf("sleep gives %v", err)
	}
}

// These are the rules of NIST SP 800-63B §5.1.1.2.
func TestNewPasswords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		password, code string
	}{
		{"correct horse", ""},
		{"пароль наш тут", ""},
		{"demo passphrase", ""},
		{strings.Repeat("größe ", 128), ""},
		{"Tr0ub4dor&3xyz", ""},
		{"        ", "password_common"},
		{"seven77", "password_too_short"},
		{"", "password_too_short"},
		{strings.Repeat("größe ", 128) + "u", "password_too_long"},
		{"Alice.Example", "password_is_name"},
		{" alice.example ", "password_is_name"},
		{"ALICE@uni.example", "password_is_name"},
		{"alice.surname", "password_is_name"}, // of the address
		{"Password1", "password_common"},
		{"P@ssw0rd!", "password_common"},
		{"12345678", "password_common"},
		{"1q2w3e4r5t", "password_common"},
		{"JupyterHub", "password_common"},
		{"alice.example1", "password_common"},
		{"23456789", "password_common"},
		{"hgfedcba", "password_common"},
		{"abcabcabcabc", "password_common"},
		{"Jupyterhub2026!", "password_common"},
		{"zzzzZZZZzzzz", "password_common"},
		{"changeme123", "password_common"},
		{"letmein2020", "password_common"},
		{"abcdefghijkl", "password_common"},
		{"tab\tulator", "password_unreadable"},
		{"bad \xff bytes", "password_unreadable"},
	} {
		n := NewPassword{Password: test.password, Username: "alice.example", Email: "alice@uni.example"}
		if test.password == "alice.surname" {
			n.Email = "alice.surname@uni.example"
		}
		var bad BadPassword
		err := n.Check()
		if errors.As(err, &bad); bad.Code != test.code {
			t.Errorf("%q: %v, want %q", test.password, err, test.code)
		}
		if err != nil && len(test.password) > 4 && strings.Contains(err.Error(), test.password) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
	n := NewPassword{Password: "correct horse", Username: "alice", Min: 14}
	if err := n.Check(); err == nil || !strings.Contains(err.Error(), "14 characters") {
		t.Errorf("shorter than the operator wants: %v", err)
	}
	if n.Min = 2; n.Check() != nil {
		t.Error(n.Check())
	}
	if (NewPassword{Password: "hu7!xQz", Min: 2}).Check() == nil {
		t.Error("an operator went below the least there is")
	}
}

// Whatever somebody types is checked.
func FuzzNewPassword(f *testing.F) {
	f.Add("correct horse", "alice", "alice@uni.example")
	f.Add(strings.Repeat("qwerty1!", 100), "a", "")
	f.Add("\xff\xfe 🦊🦊🦊🦊🦊🦊", "пароль", "@")
	f.Fuzz(func(t *testing.T, password, username, email string) {
		if err := (NewPassword{Password: password, Username: username, Email: email}).Check(); err == nil && len(password) < 8 {
			t.Errorf("%q passed", password)
		}
	})
}

func FuzzParseHash(f *testing.F) {
	f.Add("$2a$10$" + strings.Repeat("a", 53))
	f.Add(weakArgon)
	f.Fuzz(func(t *testing.T, stored string) {
		h, ok := parseHash(stored)
		if !ok {
			return
		}
		if h.compute == nil || len(h.key) > 128 || h.memory > 1<<30 {
			t.Errorf("%q has absurd parameters", stored)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	for b.Loop() {
		hashArgon2id(right)
	}
}

func BenchmarkBcrypt10(b *testing.B) {
	h, _ := parseHash(bcryptOf(b, right, 10))
	for b.Loop() {
		h.matches(right)
	}
}
