package store

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// The lists of the schema are those of oidc, in any case; what neither has can be the name of a row's claim.
func TestClaimsThatRowsCannotMakeAreTheSameInTheSchema(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	rows, err := conn.Query(t.Context(), `SELECT prosrc FROM pg_proc WHERE proname IN ('is_protocol_claim', 'is_standard_claim')`)
	try(t, err)
	sources, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	var listed []string
	for _, m := range regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(strings.Join(sources, " "), -1) {
		listed = append(listed, m[1])
	}
	if len(listed) < 40 {
		t.Fatalf("%q", listed)
	}
	for _, name := range listed {
		if oidc.MayBeClaimOfClient(name) || oidc.MayBeClaimOfClient(strings.ToUpper(name)) {
			t.Errorf("%s is refused by the schema alone", name)
		}
	}
	for _, name := range append(oidc.NotForRows(), "policy", "roles", "entitlements", "https://example.org/sub") {
		var refused bool
		try(t, conn.QueryRow(t.Context(), `SELECT is_protocol_claim(upper($1)) OR is_standard_claim($1)`, name).Scan(&refused))
		if refused == oidc.MayBeClaimOfClient(name) {
			t.Errorf("%s: the schema refuses it: %v", name, refused)
		}
	}
}

// Rows come with their client, in their order, and count at the next request.
func TestRowsOfAClientComeWithIt(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	_, err := conn.Exec(t.Context(), `INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('a', 'none'), ('b', 'none')`)
	try(t, err)
	for range 2 {
		_, err = conn.Exec(t.Context(), `INSERT INTO client_claims (client_id, claim, value) VALUES ('a', 'x', '{"n": 9007199254740993}')`)
		try(t, err)
	}
	_, err = conn.Exec(t.Context(), `UPDATE client_claims SET position = 50 WHERE position = 1`)
	try(t, err)
	c, err := s.Client(t.Context(), "a")
	if err != nil || len(c.ClaimRows) != 2 || c.ClaimRows[0].Position != 2 || c.ClaimRows[1].Position != 50 ||
		string(c.ClaimRows[0].Value) != `{"n": 9007199254740993}` {
		t.Errorf("%+v, %v", c.ClaimRows, err)
	}
	if c, err := s.Client(t.Context(), "b"); err != nil || len(c.ClaimRows) != 0 {
		t.Errorf("%+v, %v", c.ClaimRows, err)
	}
	// A client has no more than there are positions.
	if _, err := conn.Exec(t.Context(), `INSERT INTO client_claims (client_id, claim, value) VALUES ('a', 'x', '1')`); err == nil ||
		!strings.Contains(err.Error(), "client_claims_position_must_be_1_to_50") {
		t.Error(err)
	}
	_, err = conn.Exec(t.Context(), `UPDATE clients SET client_id = 'c' WHERE client_id = 'a'`)
	try(t, err)
	rows, err := s.ListClientClaims(t.Context(), ClientClaimQuery{Page: Page{Limit: 1}, ClientID: "c"})
	if err != nil || len(rows) != 1 || rows[0].Position != 2 {
		t.Errorf("%+v, %v", rows, err)
	}
	_, err = conn.Exec(t.Context(), `DELETE FROM clients`)
	try(t, err)
}

// Rows that are added at once, with and without a place of their own, all get one, in each client.
func TestRowsThatAreAddedAtOnceGetPlacesOfTheirOwn(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	_, err := conn.Exec(t.Context(), `INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('a', 'none')`)
	try(t, err)
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			_, err := s.AddClientClaim(t.Context(), "a", oidc.ClaimRow{Claim: "x", Value: []byte(`1`), Shape: oidc.ShapeSingle})
			var refusal Refusal
			if err != nil && (!errors.As(err, &refusal) || refusal.Constraint != "client_claims_position_must_be_1_to_50") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	rows, err := s.ListClientClaims(t.Context(), ClientClaimQuery{Page: all, ClientID: "a"})
	if err != nil || len(rows) != 50 || rows[49].Position != 50 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
