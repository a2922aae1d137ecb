package provider

import (
	"context"
	"sync"
	"time"
)

const (
	saveAgain = time.Second      // after a save that failed
	lastSaves = 10 * time.Second // in which a process that is to end goes on saving
)

// outcomes saves what became of attempts to deliver, one after the other, so that a flood of them leaves the connections to people.
type outcomes struct{ turn sync.Mutex }

// save has save tried until it succeeds, or the lease of what was attempted has ended: what has arrived would be sent again if that were
// never noted, and Postgres may be away for as long as a failover takes. ctx is that of the process.
func (o *outcomes) save(ctx context.Context, lease time.Duration, save func(context.Context) error) error {
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastSaves, cancel) })()
	for {
		o.turn.Lock()
		err := save(lasting)
		o.turn.Unlock()
		if err == nil {
			return nil
		}
		select {
		case <-lasting.Done():
			return err
		case <-time.After(saveAgain):
		}
	}
}
