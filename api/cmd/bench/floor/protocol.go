package floor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
)

// RedirectURI is that of both clients, web and svc; their secrets are those of Secret.
const RedirectURI = "https://rp.example.org/cb"

// Secret returns the secret of a client.
func Secret(clientID string) string { return clientID + "-secret-" + clientID + "-secret" }

// protocol is the least that Go, Echo, pgx and Postgres can do for a flow and still be durable and right: one statement a
// request, codes that are used once, refresh tokens that rotate, digests rather than tokens in the database, PKCE, a client's
// secret. It has no consent, no reuse detection, no groups, no audit and no limits. Its users (protocol.sql) have their sessions
// from the start.
type protocol struct {
	issuer  string
	signer  *signer
	db      *pgxpool.Pool
	secrets map[string][32]byte // digests, by client
}

//go:embed protocol.sql
var schema string

// Protocol adds the endpoints of a provider whose ID tokens are signed by alg. It makes its tables in db.
func Protocol(ctx context.Context, e *echo.Echo, issuer, alg string, db *pgxpool.Pool) error {
	signer, err := newSigner(alg)
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, schema); err != nil {
		return err
	}
	p := &protocol{issuer, signer, db, map[string][32]byte{}}
	for _, id := range []string{"web", "svc"} {
		p.secrets[id] = sha256.Sum256([]byte(Secret(id)))
	}
	discovery := map[string]string{"issuer": issuer,
		"authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/jwks",
		"userinfo_endpoint": issuer + "/userinfo", "introspection_endpoint": issuer + "/introspect"}
	jwks := map[string]any{"keys": []any{signer.jwk}}
	e.GET("/.well-known/openid-configuration", func(c echo.Context) error { return c.JSON(http.StatusOK, discovery) })
	e.GET("/jwks", func(c echo.Context) error { return c.JSON(http.StatusOK, jwks) })
	e.GET("/authorize", p.authorize)
	e.POST("/token", p.token)
	e.GET("/userinfo", p.userinfo)
	e.POST("/introspect", p.introspect)
	return nil
}

func refuse(c echo.Context, status int, code string) error {
	return c.JSON(status, map[string]string{"error": code})
}

// secret returns a token and its digest.
func secret() (string, []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails (crypto/rand)
	token := b64.EncodeToString(b)
	return token, digest(token)
}

func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// authorize asks for the session and stores the code in one round trip.
func (p *protocol) authorize(c echo.Context) error {
	q := c.QueryParams()
	_, known := p.secrets[q.Get("client_id")]
	flow := q.Get("response_type") == "code" && q.Get("code_challenge_method") == "S256"
	if !known || !flow || q.Get("redirect_uri") != RedirectURI {
		return refuse(c, http.StatusBadRequest, "invalid_request")
	}
	cookie, err := c.Cookie("sid")
	if err != nil {
		return refuse(c, http.StatusForbidden, "login_required")
	}
	challenge, err := b64.DecodeString(q.Get("code_challenge"))
	if err != nil {
		return refuse(c, http.StatusBadRequest, "invalid_request")
	}
	code, id := secret()
	inserted, err := p.db.Exec(c.Request().Context(), `
		WITH session AS (SELECT user_id FROM sessions WHERE id = $1 AND expires_at > now())
		INSERT INTO codes SELECT $2, user_id, $3, $4, $5, $6, now() + interval '1 minute' FROM session`,
		digest(cookie.Value), id, q.Get("client_id"), q.Get("nonce"), challenge, q.Get("scope"))
	if err != nil {
		return err
	}
	if inserted.RowsAffected() == 0 {
		return refuse(c, http.StatusForbidden, "login_required")
	}
	return c.Redirect(http.StatusFound, RedirectURI+"?code="+code+"&state="+url.QueryEscape(q.Get("state")))
}

// client returns the client that authenticates with client_secret_basic, "" if none does.
func (p *protocol) client(c echo.Context) string {
	id, secret, ok := c.Request().BasicAuth()
	want, known := p.secrets[id]
	if got := sha256.Sum256([]byte(secret)); !ok || !known || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return ""
	}
	return id
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token,omitempty"`
	ID      string `json:"id_token,omitempty"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope,omitempty"`
}

func (p *protocol) token(c echo.Context) error {
	client := p.client(c)
	if client == "" {
		return refuse(c, http.StatusUnauthorized, "invalid_client")
	}
	switch c.FormValue("grant_type") {
	case "authorization_code":
		challenge := sha256.Sum256([]byte(c.FormValue("code_verifier")))
		return p.issue(c, client, `
			WITH spent AS (DELETE FROM codes WHERE id = $1 AND client_id = $2 AND expires_at > now() AND challenge = $5
				RETURNING user_id, nonce, scope),
			issued AS (INSERT INTO tokens SELECT $3, $4, user_id, $2, scope, now() + interval '30 days' FROM spent)
			SELECT user_id, nonce, scope FROM spent`, digest(c.FormValue("code")), challenge[:])
	case "refresh_token":
		return p.issue(c, client, `
			WITH spent AS (DELETE FROM tokens WHERE id = $1 AND client_id = $2 AND expires_at > now() RETURNING user_id, scope),
			issued AS (INSERT INTO tokens SELECT $3, $4, user_id, $2, scope, now() + interval '30 days' FROM spent)
			SELECT user_id, '', scope FROM spent`, digest(c.FormValue("refresh_token")))
	case "client_credentials":
		now := time.Now().Unix()
		access := p.signer.jwt(claims{Issuer: p.issuer, Subject: client, Audience: client, Expires: now + 600, IssuedAt: now,
			ID: rand.Text()})
		return c.JSON(http.StatusOK, tokens{Access: access, Type: "Bearer", Expires: 600})
	}
	return refuse(c, http.StatusBadRequest, "unsupported_grant_type")
}

// issue spends a code or a refresh token and stores what follows, in one statement with one durable commit. What is spent is $1,
// the client $2, the digests of the new tokens $3 and $4; more are its other arguments.
func (p *protocol) issue(c echo.Context, client, statement string, spent []byte, more ...any) error {
	refresh, refreshDigest := secret()
	access, accessDigest := secret()
	var user int64
	var nonce, scope string
	args := append([]any{spent, client, refreshDigest, accessDigest}, more...)
	if err := p.db.QueryRow(c.Request().Context(), statement, args...).Scan(&user, &nonce, &scope); err != nil {
		return refuse(c, http.StatusBadRequest, "invalid_grant")
	}
	now := time.Now().Unix()
	id := p.signer.jwt(claims{Issuer: p.issuer, Subject: strconv.FormatInt(user, 10), Audience: client, Expires: now + 3600,
		IssuedAt: now, Nonce: nonce})
	return c.JSON(http.StatusOK, tokens{access, refresh, id, "Bearer", 600, scope})
}

func (p *protocol) userinfo(c echo.Context) error {
	token := strings.TrimPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
	var user int64
	var email string
	if err := p.db.QueryRow(c.Request().Context(), `
		SELECT u.id, u.email FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.access = $1 AND t.expires_at > now()`,
		digest(token)).Scan(&user, &email); err != nil {
		return refuse(c, http.StatusUnauthorized, "invalid_token")
	}
	return c.JSON(http.StatusOK, map[string]any{"sub": strconv.FormatInt(user, 10), "email": email, "email_verified": true})
}

func (p *protocol) introspect(c echo.Context) error {
	if p.client(c) == "" {
		return refuse(c, http.StatusUnauthorized, "invalid_client")
	}
	var user int64
	var client, scope string
	if err := p.db.QueryRow(c.Request().Context(), `
		SELECT user_id, client_id, scope FROM tokens WHERE access = $1 AND expires_at > now()`,
		digest(c.FormValue("token"))).Scan(&user, &client, &scope); err != nil {
		return c.JSON(http.StatusOK, map[string]any{"active": false})
	}
	return c.JSON(http.StatusOK, map[string]any{"active": true, "sub": strconv.FormatInt(user, 10), "client_id": client,
		"scope": scope})
}
