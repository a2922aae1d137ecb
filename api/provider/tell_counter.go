package provider

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// A Counter counts what happens: it hears of each event, and of each answer by its route.
type Counter interface {
	Hear(ctx context.Context, e oidc.Event)
	Answered(path string, status int, took time.Duration)
}

// CountWith has c hear of all that happens from now on. It must be called before there are requests.
func (p *Provider) CountWith(c Counter) {
	p.counter = c
	p.listeners = append(p.listeners, c.Hear)
}

// Answered has the counter hear of an answer, if there is one.
func (p *Provider) Answered(path string, status int, took time.Duration) {
	if p.counter != nil {
		p.counter.Answered(path, status, took)
	}
}
