package provider

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// Somebody with a loop has their share of the looks at documents, and nobody waits for theirs.
func TestOneSiteHasItsShareOfFetches(t *testing.T) {
	t.Parallel()
	f, now := newFetches(), time.Unix(1_000_000, 0)
	clock := func() time.Time { return now }
	hang := make(chan struct{})
	slow := func(context.Context) error { <-hang; return errors.New("it was slow") }
	gone, cancel := context.WithCancel(t.Context()) // whoever asks does not wait for the answer
	cancel()
	for i := range 3000 {
		if err := f.once(gone, fetchKey{"2001:db8:1::/48", fmt.Sprint("https://evil.example/", i)}, clock, slow); err == nil {
			t.Fatal("a fetch that hangs has succeeded")
		}
	}
	const document = "https://app.example.org/client"
	if err := f.once(gone, fetchKey{"2001:db8:1::/48", document}, clock, slow); !errors.Is(err, errTooManyFetches) {
		t.Errorf("one more: %v", err)
	}
	if len(f.attempts) > maxFetchesOfSite {
		t.Errorf("one site has %d attempts", len(f.attempts))
	}
	fine := func(context.Context) error { return nil }
	for i := range 10 {
		if err := f.once(t.Context(), fetchKey{fmt.Sprint("192.0.2.", i), document}, clock, fine); err != nil {
			t.Errorf("another site: %v", err)
		}
	}
	close(hang)
	for key, a := range f.attempts {
		<-a.done
		if key.site == "" {
			t.Error("an attempt of nobody")
		}
	}
	now = now.Add(fetchPause)
	if err := f.once(t.Context(), fetchKey{"2001:db8:1::/48", document}, clock, fine); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	if len(f.attempts) != 1 || len(f.ofSite) != 1 || f.ofSite["2001:db8:1::/48"] != 1 {
		t.Errorf("what is over is still counted: %d, %v", len(f.attempts), f.ofSite)
	}
}

// The errors of others' attempts are theirs: they may have had no place left.
func TestAFailureOfOneSiteIsNotAnAnswerToAnother(t *testing.T) {
	t.Parallel()
	f, now := newFetches(), time.Unix(1_000_000, 0)
	clock := func() time.Time { return now }
	fails := 0
	fail := func(context.Context) error { fails++; return errTooManyFetches }
	for range 5 {
		if err := f.once(t.Context(), fetchKey{"192.0.2.1", "https://app.example.org/client"}, clock, fail); err == nil {
			t.Error("it succeeded")
		}
	}
	if fails != 1 {
		t.Errorf("%d attempts within the pause", fails)
	}
	if err := f.once(t.Context(), fetchKey{"192.0.2.2", "https://app.example.org/client"}, clock,
		func(context.Context) error { return nil }); err != nil {
		t.Errorf("another site: %v", err)
	}
}
