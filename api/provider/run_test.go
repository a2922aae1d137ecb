package provider

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/api/devdb"
	"gatehouse/api/keys"
	"gatehouse/api/store"
)

func TestRunReturnsWhenAllThatItStartedHasEnded(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), devdb.Test(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sealer, err := keys.NewSealer([][32]byte{{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var started, ended atomic.Bool
	go func() {
		for !started.Load() {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	New(Settings{}, db, sealer, nil, time.Now).Run(ctx, func(ctx context.Context, _ func()) {
		started.Store(true)
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond)
		ended.Store(true)
	})
	if !ended.Load() {
		t.Error("it returned before")
	}
}
