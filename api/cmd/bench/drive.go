package main

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// driven are the operations whose cost may grow; n is the login that one is for: those of regulars, who come again and again, so
// that what they need is in memory, or each of all logins once.
var driven = []struct {
	what   string
	run    func(d *driver, n int) error
	logins int // 0 for all
}{
	{"an SSO of regulars", (*driver).sso, regulars},
	{"a refresh of regulars", (*driver).refreshed, regulars},
	{"an SSO of anybody", (*driver).sso, 0},
	{"a refresh of anybody", (*driver).refreshed, 0},
}

const regulars = 1000

// costPerOperation is in milliseconds of CPU, in a few windows.
type costPerOperation struct {
	windows []float64
	median  float64
}

func (c costPerOperation) spread() string {
	return fmt.Sprintf("%.2f–%.2f", slices.Min(c.windows), slices.Max(c.windows))
}

// driver is a relying party and the browsers of all people.
type driver struct {
	http    http.Client
	refresh *refreshTokens
	among   int // that many logins
	next    atomic.Int64
}

// drive returns what Postgres does for each of driven, with so many logins.
func (b *bench) drive(ctx context.Context, logins int) ([]costPerOperation, error) {
	if err := b.refresh.open(b.dir); err != nil {
		return nil, err
	}
	d := &driver{refresh: &b.refresh, http: http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 8},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	windows, length := 5, 5*time.Second
	if b.quick {
		windows, length = 2, 2*time.Second
	}
	var costs []costPerOperation
	for _, operation := range driven {
		d.among = cmp.Or(operation.logins, logins)
		var cost costPerOperation
		for i := range windows + 1 { // the first is for plans and caches
			ops, used, err := d.window(ctx, length, operation.run, func() time.Duration { return load.CPU(b.postmaster()) })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", operation.what, err)
			}
			each := used.Seconds() * 1000 / float64(ops)
			progress("%s: %d, Postgres %.3f ms each", operation.what, ops, each)
			if i > 0 {
				cost.windows = append(cost.windows, each)
			}
		}
		cost.median = median(cost.windows)
		costs = append(costs, cost)
	}
	return costs, nil
}

// window has eight operations run at once until it is over, and returns how many were done and what cpu counted meanwhile.
func (d *driver) window(ctx context.Context, length time.Duration, run func(*driver, int) error, cpu func() time.Duration) (
	int64, time.Duration, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := time.AfterFunc(length, func() { stop(errOver) })
	defer over.Stop()
	var ops atomic.Int64
	var all sync.WaitGroup
	before := cpu()
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := run(d, d.nextLogin()); err != nil {
					stop(err)
					return
				}
				ops.Add(1)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, errOver) {
		return 0, 0, err
	}
	return ops.Load(), cpu() - before, nil
}

var errOver = errors.New("the window is over")

// nextLogin goes through the logins in no order: the step is a prime.
func (d *driver) nextLogin() int { return int(d.next.Add(1) * 7_368_787 % int64(d.among)) }

// sso signs somebody on who has a session, as load does: code, tokens, userinfo.
func (d *driver) sso(n int) error {
	ask := url.Values{"response_type": {"code"}, "client_id": {"web-es256"}, "redirect_uri": {floor.RedirectURI},
		"scope":          {"openid offline_access email"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}} // RFC 7636, Appendix B
	answer, _, err := d.ask("GET", "/authorize?"+ask.Encode(), nil, "Cookie", fmt.Sprintf("gatehouse-session=session-%d", n))
	if err != nil {
		return err
	}
	back, err := answer.Location()
	if err != nil || back.Query().Get("code") == "" {
		return fmt.Errorf("no code: %s %s", answer.Status, back)
	}
	tokens, err := d.token(url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")},
		"redirect_uri": {floor.RedirectURI}, "code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}})
	if err != nil {
		return err
	}
	answer, body, err := d.ask("GET", "/userinfo", nil, "Authorization", "Bearer "+tokens.Access)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%s %s", answer.Status, body)
	}
	return err
}

// refreshed goes on from the token that the last refresh of the login returned.
func (d *driver) refreshed(n int) error {
	tokens, err := d.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {d.refresh.of(n)}})
	if err == nil {
		d.refresh.got.Store(n, tokens.Refresh)
	}
	return err
}

// refreshTokens are those of all logins.
type refreshTokens struct {
	sealer *keys.Sealer
	got    sync.Map // by number of the login: its last one
}

// open reads the key that Gatehouse seals with.
func (r *refreshTokens) open(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "encryption_key"))
	if err != nil {
		return err
	}
	var key [32]byte
	if _, err := base64.StdEncoding.Decode(key[:], text); err != nil {
		return err
	}
	r.sealer, err = keys.NewSealer([][32]byte{key})
	return err
}

// of returns the token of a login: the first of the family that growth.sql makes, unless that was used.
func (r *refreshTokens) of(n int) string {
	if token, ok := r.got.Load(n); ok {
		return token.(string)
	}
	hash := fmt.Sprintf("%x", md5.Sum(fmt.Appendf(nil, "grant%d", n)))
	id, _ := hex.DecodeString(fmt.Sprintf("%012x7%s8%s", 1700000000000+n, hash[:3], hash[17:])) // pg_temp.nth_id
	first := oidc.RefreshToken{GrantID: [16]byte(id), Secret: sha256.Sum256(fmt.Appendf(nil, "refresh-%d", n))}
	return base64.RawURLEncoding.EncodeToString(r.sealer.SealSame(keys.ForRefreshTokens, first.Plain(), nil))
}

// tokens are what is needed of an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (d *driver) token(form url.Values) (tokens, error) {
	form.Set("client_id", "web-es256")
	form.Set("client_secret", "web-secret-web-secret")
	answer, body, err := d.ask("POST", "/token", form)
	var got tokens
	if err == nil && (json.Unmarshal(body, &got) != nil || got.Access == "" || got.Refresh == "") {
		err = fmt.Errorf("no tokens: %s %s", answer.Status, body)
	}
	return got, err
}

func (d *driver) ask(method, path string, form url.Values, header ...string) (*http.Response, []byte, error) {
	req, err := http.NewRequest(method, issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := d.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}
