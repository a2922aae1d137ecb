package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// joinPage asks for the code of a workshop. It is bound to no browser, for the UI has it at an address of its own, where a QR code leads,
// too.
type joinPage struct {
	pending `json:"-"`
	Code    string     `json:"co,omitempty"` // as it was typed
	EndedAt *time.Time `json:"ea,omitempty"` // the workshop that Error is about
	Error   failure    `json:"f"`
}

type joinView struct {
	common
	Code  string       `json:"code,omitempty"`
	Error *failureView `json:"error,omitempty"`
}

func (*joinPage) name() string { return "join" }

func (w *joinPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	if e != nil {
		e.EndedAt = w.EndedAt
	}
	return joinView{common: c, Code: w.Code, Error: e}, nil
}

// The codes of the pages of workshops.
const (
	workshopUnknown = "workshop_unknown"
	workshopClosed  = "workshop_closed"
	workshopFull    = "workshop_full"
	workshopEnded   = "workshop_ended"
)

// workshopProblem returns the code of why nobody joins a workshop that was loaded, "" if they may or err is another than that there is
// none. code is the one that they typed, "" before they did.
func workshopProblem(w store.Workshop, code string, err error, now time.Time) string {
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && code != "" && code != w.Code: // there is another one by now
		return workshopUnknown
	case err != nil:
		return ""
	case !now.Before(w.Until):
		return workshopEnded
	case w.CodeClosed:
		return workshopClosed
	case w.SeatsLeft == 0:
		return workshopFull
	}
	return ""
}

// codeLetters returns what counts of a code, whatever stands between its words: people may type it in any case.
func codeLetters(typed string) string {
	return strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(typed))
}

// maxWorkshopCode is in bytes.
const maxWorkshopCode = 200

// Join takes the code of a workshop. Nothing is spent.
func (p *Provider) Join(ctx context.Context, r Request) Answer {
	now := p.now()
	if !p.fromUI(r) {
		return *p.refuseForm(ctx, r, "join", 403, pageOriginRefused, pending{})
	}
	params, _ := oidc.ParseParams(r.Params, []string{"code"})
	typed := clip(params["code"])
	if len(typed) > maxWorkshopCode || codeLetters(typed) == "" {
		return p.askWorkshopCode(ctx, store.Workshop{}, "", 303, workshopUnknown, 0)
	}
	found, wait, err := p.findWorkshop(ctx, r, codeLetters(typed), now)
	problem := workshopProblem(found, "", err, now)
	switch {
	case wait > 0:
		p.tell(ctx, oidc.WorkshopCodesThrottled{Seconds: wait.Seconds()})
		a := p.askWorkshopCode(ctx, store.Workshop{}, typed, 429, tooManyAttempts, wait)
		a.Cookies = p.ticketCookies(r, wait, now)
		return a
	case problem != "" && problem != workshopUnknown: // those who have an account sign in
		return p.askWorkshopCode(ctx, found, typed, 303, problem, 0)
	case problem != "":
		return p.askWorkshopCode(ctx, store.Workshop{}, typed, 303, problem, 0)
	case err != nil:
		return p.failedJoin(ctx, typed, err)
	}
	w := joinNamePage{Workshop: found.Name, Code: found.Code, Prefix: found.Prefix, ClientID: found.ClientID}
	cookies := p.bindBrowser(&r)
	w.Browser = browserDigest(r)
	return redirect(p.address(&w), cookies...)
}

// findWorkshop returns the workshop of a code; wait is for those who have guessed too often.
func (p *Provider) findWorkshop(ctx context.Context, r Request, letters string, now time.Time) (
	found store.Workshop, wait time.Duration, err error) {
	bucket := authn.WorkshopCodeBucket(p.bucketKey, r.Addr, p.hasWaited(r, now))
	limits := bucket.Limits()
	guesses := store.Guesses{Bucket: int32(bucket), Burst: limits.Burst, Leak: limits.Leak}
	var failures float32
	found, failures, err = p.store.FindWorkshop(ctx, letters, guesses, now)
	return found, authn.Wait([]authn.State{{Bucket: bucket, Failures: failures, UpdatedAt: now}}, now), err
}

// askWorkshopCode leads back to the page of the code with a reason.
func (p *Provider) askWorkshopCode(
	ctx context.Context, of store.Workshop, typed string, status int, code string, wait time.Duration,
) Answer {
	if wait == 0 && status == 303 {
		p.tell(ctx, oidc.WorkshopRefused{Workshop: of.Name, Error: code})
	}
	w := joinPage{Code: typed, Error: p.failureOf(ctx, code, wait)}
	if code == workshopEnded {
		w.EndedAt = &of.Until
	}
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code}
}

// failedJoin keeps the code where another try may do.
func (p *Provider) failedJoin(ctx context.Context, typed string, err error) Answer {
	return p.keepForm(ctx, nil, err, func(status int, code string, wait time.Duration) Answer {
		return p.askWorkshopCode(ctx, store.Workshop{}, typed, status, code, wait)
	})
}
