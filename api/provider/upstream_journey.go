package provider

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// journey is what a browser takes along while the person signs in at an upstream. It lies sealed in cookies of this browser, and state
// is its digest, which is short and known to nobody else: a relying party's own state may be longer than upstreams take, and a browser
// that opens several tabs is on several journeys.
type journey struct {
	Pending  pending   `json:"w"`
	Upstream string    `json:"u"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // PKCE
	Sent     time.Time `json:"t"` // a sign-in since then is a fresh one
}

const (
	journeyPurpose = "upstream sign-in"
	journeyChunk   = 3800    // bytes of a cookie; browsers take 4,096 with its name
	journeyChunks  = 4       // cookies
	journeysLimit  = 6 << 10 // bytes of journeys that were begun and not ended, before they are forgotten
	skew           = 10 * time.Second
)

// journeyCookie names the i-th cookie of the journey that state stands for.
func journeyCookie(state string, i int) CookieName {
	return UpstreamCookie + CookieName(state[:12]+"-"+strconv.Itoa(i))
}

// pack gives the cookies and the state of a journey; false if it is too long, as only a request that is made for it can be.
func (p *Provider) pack(r Request, j journey, now time.Time) (state string, cookies []Cookie, ok bool) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(j); err != nil {
		panic(err) // strings, numbers and times only
	}
	sealed := p.sealer.Seal(journeyPurpose, plain.Bytes(), nil)
	sum := sha256.Sum256(sealed)
	state = base64.RawURLEncoding.EncodeToString(sum[:])
	text := base64.RawURLEncoding.EncodeToString(sealed)
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
	if begun <= journeysLimit {
		cookies = nil
	}
	age := max(time.Unix(j.Pending.Expires, 0).Sub(now), time.Second)
	for i := 0; len(text) > 0; i++ {
		n := min(len(text), journeyChunk)
		cookies = append(cookies, Cookie{Name: journeyCookie(state, i), Value: text[:n], MaxAge: age})
		text = text[n:]
	}
	return state, cookies, true
}

// unpack gives the journey of an answer, and the cookies that end it; refusal is the answer if this browser is on no such journey.
func (p *Provider) unpack(r Request, state string, now time.Time) (j journey, end []Cookie, refusal *Answer) {
	fail := func(code string, c *clientView) (journey, []Cookie, *Answer) {
		p.tell(r, oidc.UpstreamAnswerRefused{Upstream: r.Name, Error: code})
		a := p.errorPage(r, 400, code, c)
		return journey{}, nil, &a
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
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if sum := sha256.Sum256(sealed); err != nil || !bytes.Equal(sum[:], digest) {
		return fail(pageAltered, nil)
	}
	plain, err := p.sealer.Open(journeyPurpose, sealed, nil)
	switch {
	case err != nil || json.Unmarshal(plain, &j) != nil || j.Pending.Request == nil:
		return fail(pageAltered, nil)
	case j.Upstream != r.Name: // the mix-up that a redirect URI for each upstream is against (RFC 9700 §4.4.2.2)
		return fail(pageAltered, j.Pending.Client)
	case !bytes.Equal(j.Pending.Browser, browserDigest(r)):
		return fail(pageForeignBrowser, j.Pending.Client)
	case now.Unix() >= j.Pending.Expires:
		return fail(pageExpired, j.Pending.Client)
	}
	return j, end, nil
}

// callbackOf is where an upstream answers: one address for each, so that no two can be confused.
func (p *Provider) callbackOf(u *oidc.Upstream) string {
	return p.Issuer + "/upstream/" + u.Name + "/callback"
}
