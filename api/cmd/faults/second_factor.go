package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/keys"
)

// careful are people with one-time codes: so many that none of them comes twice within the life of a code.
const careful = 1000

const stepOfCodes = 30 * time.Second // RFC 6238 §4.1

// setUpCodes has the careful have secrets, sealed as Gatehouse seals them.
func (s *site) setUpCodes(conn *pgx.Conn) error {
	ctx := context.Background()
	rows, err := conn.Query(ctx, `SELECT id::text, username FROM users WHERE username LIKE 'careful%'`)
	if err != nil {
		return err
	}
	var id, name string
	var ids []string
	var sealed [][]byte
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		ids, sealed = append(ids, id), append(sealed, s.sealer.Seal(keys.ForTOTPSecrets, secretOf(name), []byte(id)))
		return nil
	}); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `INSERT INTO totp_secrets (user_id, secret, last_step, created_at)
		SELECT u, s, 0, now() FROM unnest($1::uuid[], $2::bytea[]) AS t (u, s)`, ids, sealed)
	return err
}

// secretOf is what the app of somebody makes codes of.
func secretOf(name string) []byte {
	sum := sha1.Sum([]byte(name))
	return sum[:]
}

// codeAt is what the app shows at a time (RFC 6238 §4.2, RFC 4226 §5.3).
func codeAt(name string, at time.Time) string {
	mac := hmac.New(sha1.New, secretOf(name))
	_ = binary.Write(mac, binary.BigEndian, at.UnixNano()/int64(stepOfCodes)) // to a hash: no error
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// orCareful is the person, or, each fourth time, one of the careful in their place.
func (p *person) orCareful() *person {
	if n := int(p.visits.Add(1)); n%4 == 0 {
		p.name = carefulName(n / 4)
	}
	return p
}

func carefulName(n int) string { return fmt.Sprintf("careful%04d", n%careful) }

// now is the time that people's phones have.
func (s *site) now() time.Time {
	if s.clock == nil {
		return time.Now()
	}
	return time.Now().Add(s.clock.ahead)
}

// provenCode is a one-time code that was taken.
type provenCode struct {
	name, code string
	at         time.Time
}

// typesCode types the code that the app shows, and where that was used already the next one.
func (p *person) typesCode(page *url.URL) (answer, bool) {
	for {
		now := p.now()
		code := codeAt(p.name, now)
		a, ok := p.typesCodeOf(page, code)
		if !ok {
			return a, false
		}
		if a.location().Path != "/factor" {
			p.told(func(b *ledger) { b.proven = append(b.proven, provenCode{p.name, code, now}) })
			return a, true
		}
		page = a.location()
		p.troubled("a code to be typed again")
		if pause(p.ctx, now.Truncate(stepOfCodes).Add(stepOfCodes).Sub(now)) != nil {
			return a, false
		}
	}
}

func (p *person) typesCodeOf(page *url.URL, code string) (answer, bool) {
	return p.ask("POST", "/factor", url.Values{"request": {page.Query().Get("request")}, "code": {code}}, "Origin", uiOrigin)
}

// countsAgain reports whether a code that was used proves anything at another browser of the same person.
func (p *person) countsAgain(code string) bool {
	other := newPerson(p.crowd, 0)
	defer other.browser.CloseIdleConnections()
	other.name = p.name
	a, ok := other.typesPassword()
	if ok && a.location().Path == "/factor" {
		a, ok = other.typesCodeOf(a.location(), code)
	}
	return ok && a.location().Path != "/factor"
}

// codesCountOnce types the latest codes once more that are still shown.
func (c *crowd) codesCountOnce(ctx context.Context, doubled *tally) {
	c.ctx = ctx
	latest := c.book.proven[max(0, len(c.book.proven)-4):]
	for _, code := range latest {
		p := newPerson(c, 0)
		p.name = code.name
		if c.now().Sub(code.at) < stepOfCodes && p.countsAgain(code.code) {
			doubled.add("a one-time code was used twice")
		}
	}
}
