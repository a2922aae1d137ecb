package keys

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"

	"gatehouse/api/oidc"
)

// ErrToken is the only error of Verify.
var ErrToken = errors.New("not a token signed here")

// ErrNoKey means that there is no key of that algorithm to sign with.
var ErrNoKey = errors.New("no signing key")

// maxToken limits what is parsed, in bytes: more than a header line of most proxies, far more than a token of ours.
const maxToken = 8 << 10

// maxSignature is the longest there is, in bytes: RSA with 2048 bits.
const maxSignature = 256

// Ring is a snapshot of the signing keys, immutable and safe for concurrent use. Which key signs and which are published
// follows from the time that is passed in, so a ring stays right until the rows change.
type Ring struct {
	keys  []key // ordered by newer
	byKID map[string]*key
	jwks  atomic.Pointer[published]
}

type key struct {
	Row
	private  crypto.Signer
	public   crypto.PublicKey
	signs    jws.Signer
	verifier jws.Verifier
	jwk      json.RawMessage
}

// NewRing decrypts the rows. Leave out those that have retired: they may be sealed under a key that is gone.
func NewRing(rows []Row, sealer *Sealer) (*Ring, error) {
	r := &Ring{byKID: make(map[string]*key, len(rows))}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, newer)
	for _, row := range rows {
		k, err := sealer.newKey(row)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, k)
	}
	for i := range r.keys {
		r.byKID[r.keys[i].KID] = &r.keys[i]
	}
	return r, nil
}

func (s *Sealer) newKey(row Row) (key, error) {
	private, err := s.unseal(row)
	if err != nil {
		return key{}, err
	}
	k := key{Row: row, private: private, public: private.Public()}
	alg := jwa.SignatureAlgorithm(row.Alg)
	if k.signs, err = jws.NewSigner(alg); err != nil {
		return key{}, err
	}
	if k.verifier, err = jws.NewVerifier(alg); err != nil {
		return key{}, err
	}
	public, err := publicJWK(k.public, row.Alg, row.KID)
	if err != nil {
		return key{}, err
	}
	k.jwk, err = json.Marshal(public)
	return k, err
}

// signer returns the key of alg that signs at now: the newest that is active. If none is active yet, the next one signs early: a
// clock that is a little behind that of the replica that made the key must not stop sign-ins.
func (r *Ring) signer(alg string, now time.Time) *key {
	var found *key
	for i := range r.keys {
		k := &r.keys[i]
		if k.Alg != alg || k.retired(now) {
			continue
		}
		if found != nil && k.ActivatesAt.After(now) {
			break
		}
		found = k
	}
	return found
}

// Sign returns a compact JWS (RFC 7515 §3.1) over claims, whose JSON is an object; typ is its kind. encoding/json writes it: jwx encodes
// claim names without escaping them (GHSA-4cf7-xm37-g63h), so it sees bytes only.
func (r *Ring) Sign(alg, typ string, claims any, now time.Time) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if payload[0] != '{' {
		return "", errors.New("claims are not a JSON object")
	}
	k := r.signer(alg, now)
	if k == nil {
		return "", fmt.Errorf("%w for %s", ErrNoKey, alg)
	}
	head, err := json.Marshal(header{Alg: k.Alg, KID: k.KID, Typ: typ})
	if err != nil {
		return "", err
	}
	token := make([]byte, 0, 4*(len(head)+len(payload)+maxSignature)/3)
	token = append(strict.AppendEncode(token, head), '.')
	token = strict.AppendEncode(token, payload)
	signature, err := k.signs.Sign(token, k.private)
	if err != nil {
		return "", err
	}
	return string(strict.AppendEncode(append(token, '.'), signature)), nil
}

// Verify returns the typ and the claims of a token that was signed with a key of this ring which has not retired at now, and
// ErrToken for any other. It checks no claim: issuer, audience and expiry are up to the caller.
//
// The key is found by kid and has its own algorithm, which the header has to repeat (RFC 8725 §3.1); references to other keys in
// the header (jku, jwk, x5u, x5c) are not read.
func (r *Ring) Verify(token string, now time.Time) (typ string, claims []byte, err error) {
	c, ok := parseCompact(token, maxToken)
	if !ok {
		return "", nil, ErrToken
	}
	k, ok := r.byKID[c.KID]
	if !ok || c.Alg != k.Alg || k.retired(now) || k.verifier.Verify([]byte(c.signed), c.signature, k.public) != nil {
		return "", nil, ErrToken
	}
	return c.Typ, c.payload, nil
}

// published is the JWKS from one time until another.
type published struct {
	from, until time.Time // until is zero if there is no end
	body        []byte
	tag         string
}

func (p *published) holds(now time.Time) bool {
	return p != nil && !now.Before(p.from) && (p.until.IsZero() || now.Before(p.until))
}

// JWKS returns the public keys (RFC 7517 §5) that have not retired. The RS256 key that signs now is first: some relying parties
// take the first key they find. The next key of an algorithm is in it as soon as its row exists. Do not change body; tag is its
// ETag.
func (r *Ring) JWKS(now time.Time) (body []byte, tag string) {
	known := r.jwks.Load()
	if !known.holds(now) {
		known = r.publish(now)
		r.jwks.Store(known)
	}
	return known.body, known.tag
}

func (r *Ring) publish(now time.Time) *published {
	p := &published{from: now}
	var entries [][]byte
	for _, alg := range oidc.SigningAlgs {
		current := r.signer(alg, now)
		if current != nil {
			entries = append(entries, current.jwk)
		}
		for i := range r.keys {
			k := &r.keys[i]
			if k.Alg != alg {
				continue
			}
			for _, change := range []time.Time{k.ActivatesAt, k.RetiresAt} {
				if change.After(now) && (p.until.IsZero() || change.Before(p.until)) {
					p.until = change
				}
			}
			if k != current && !k.retired(now) {
				entries = append(entries, k.jwk)
			}
		}
	}
	p.body = slices.Concat([]byte(`{"keys":[`), bytes.Join(entries, []byte(",")), []byte(`]}`))
	p.tag = oidc.ETag(p.body)
	return p
}
