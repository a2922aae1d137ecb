package provider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// journey is what a browser takes along while the person signs in at an upstream. It lies sealed in cookies of this
// browser, and state is its digest, which is short and known to nobody else: a relying party's own state may be longer
// than upstreams take, and a browser that opens several tabs is on several journeys.
type journey struct {
	Page     pending   `json:"w"` // the login page, to come back to
	Upstream string    `json:"u"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`           // PKCE
	Sent     time.Time `json:"t"`           // a sign-in since then is a fresh one
	Linked   string    `json:"k,omitempty"` // the sub that a password was given for at Sent: they go there for their tokens
}

const (
	journeyChunk  = 3800     // bytes of a cookie; browsers take 4,096 with its name
	journeyChunks = 7        // cookies
	journeysLimit = 6 << 10  // bytes of journeys that were begun and not ended, before they are forgotten
	journeysMost  = 28 << 10 // bytes with the one that begins: a header that web servers take (ours: 32 kB)
	skew          = 10 * time.Second
)

var journeyBox = keys.Box[journey]{Purpose: keys.ForUpstreamSignIns}

// journeyCookie returns the name of the i-th cookie of the journey that state stands for.
func journeyCookie(state string, i int) CookieName {
	return UpstreamCookie + CookieName(state[:12]+"-"+strconv.Itoa(i))
}

// sealJourney returns the cookies and the state of a journey; ok is false if it is too long, as only a request that is
// made for it can be.
func (p *Provider) sealJourney(r Request, j journey, now time.Time) (state string, cookies []Cookie, ok bool) {
	text := journeyBox.Seal(p.sealer, j, nil)
	sum := sha256.Sum256([]byte(text))
	state = base64.RawURLEncoding.EncodeToString(sum[:])
	if len(text) > journeyChunk*journeyChunks {
		return "", nil, false
	}
	begun := 0
	for name, value := range r.Cookies {
		if strings.HasPrefix(string(name), string(UpstreamCookie)) {
			begun += len(value)
			cookies = append(cookies, Cookie{Name: name, MaxAge: -1})
		}
	}
	if begun <= journeysLimit && begun+len(text) <= journeysMost {
		cookies = nil
	}
	age := max(time.Unix(j.Page.Expires, 0).Sub(now), time.Second)
	for i := 0; len(text) > 0; i++ {
		n := min(len(text), journeyChunk)
		cookies = append(cookies, Cookie{Name: journeyCookie(state, i), Value: text[:n], MaxAge: age})
		text = text[n:]
	}
	return state, cookies, true
}

// openJourney returns the journey of an answer, the login page that it began at, and the cookies that end it; refusal is
// the answer if this browser is on no such journey.
func (p *Provider) openJourney(
	ctx context.Context, r Request, state string, now time.Time,
) (j journey, w loginPage, end []Cookie, refusal *Answer) {
	fail := func(code string, c *clientView) (journey, loginPage, []Cookie, *Answer) {
		p.tell(ctx, oidc.UpstreamAnswerRefused{Upstream: r.Name, Error: code})
		a := p.errorPage(ctx, 400, code, c)
		return journey{}, loginPage{}, nil, &a
	}
	digest, err := base64.RawURLEncoding.Strict().DecodeString(state)
	if err != nil || len(digest) != sha256.Size {
		return fail(pageAltered, nil)
	}
	text := ""
	for i := range journeyChunks {
		value := r.Cookies[journeyCookie(state, i)]
		if value == "" {
			break
		}
		text += value
		end = append(end, Cookie{Name: journeyCookie(state, i), MaxAge: -1})
	}
	if text == "" {
		return fail(pageForeignBrowser, nil)
	}
	if sum := sha256.Sum256([]byte(text)); !bytes.Equal(sum[:], digest) {
		return fail(pageAltered, nil)
	}
	j, err = journeyBox.Open(p.sealer, text, nil)
	switch {
	case err != nil || j.Page.Request == nil || !j.Page.readState(&w):
		return fail(pageAltered, nil)
	case j.Upstream != r.Name: // the mix-up that a redirect URI for each upstream is against (RFC 9700 §4.4.2.2)
		return fail(pageAltered, j.Page.Client)
	case !bytes.Equal(j.Page.Browser, browserDigest(r)):
		return fail(pageForeignBrowser, j.Page.Client)
	case now.Unix() >= j.Page.Expires:
		return fail(pageExpired, j.Page.Client)
	}
	return j, w, end, nil
}

// callbackOf returns where an upstream answers: one address for each, so that no two can be confused.
func (p *Provider) callbackOf(u *oidc.Upstream) string {
	return p.Issuer + "/upstream/" + u.Name + "/callback"
}
