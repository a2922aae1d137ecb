package store

import (
	"context"
	"time"
)

// Place is where somebody tries to prove who they are: what sign_ins keeps of it.
type Place struct {
	ClientID  string // of the application that it is for; "" for the account page
	Addr      string // "" where it is not known
	UserAgent string // what the browser calls itself
	RequestID string // of the log
}

// FailedSignIn is an attempt that RecordFailure notes.
type FailedSignIn struct {
	Place
	UserID string // whose name was typed; "" for nobody's, of whom nothing is noted
	Why    string // one of the words below
}

// Why an attempt failed, beside UserDisabled and UserExpired, in sign_ins.why; the account page has each in words.
const (
	WrongPassword = "wrong_password"
	WrongCode     = "wrong_code"
)

// noteSignIn is the part of a statement that notes a sign-in with an outcome for each row of its part named from, which has user_id and
// amr. Its other arguments are @now and those of Place.args.
func noteSignIn(outcome, from string) string {
	return `noted AS (
			INSERT INTO sign_ins (at, user_id, client_id, outcome, amr, addr, user_agent, request_id)
			SELECT @now, user_id, nullif(@client, ''), '` + outcome + `', amr, nullif(@addr, ''), nullif(@user_agent, ''), nullif(@request_id, '')
			FROM ` + from + `
		)`
}

func (p Place) args() args {
	return args{"client": p.ClientID, "addr": p.Addr, "user_agent": p.UserAgent, "request_id": p.RequestID}
}

// SignInRow is a row of sign_ins as its person and an administrator see it.
type SignInRow struct {
	At        time.Time `json:"at" db:"at"`
	ID        string    `json:"id" db:"id"`
	Username  string    `json:"username" db:"username"`
	ClientID  string    `json:"client_id,omitempty" db:"client_id"`
	Outcome   string    `json:"outcome" db:"outcome"` // signed_in, factor_proven or failed
	Why       string    `json:"why,omitempty" db:"why"`
	AMR       []string  `json:"amr" db:"amr"`
	Addr      string    `json:"addr,omitempty" db:"addr"`
	UserAgent string    `json:"user_agent,omitempty" db:"user_agent"`
	RequestID string    `json:"request_id,omitempty" db:"request_id"`

	ClientName   string `json:"-" db:"client_name"`
	Registration string `json:"-" db:"registration"` // of the client, as clients has it
}

const signInColumns = `i.at, i.id::text AS id, u.username, coalesce(i.client_id, '') AS client_id, i.outcome, coalesce(i.why, '') AS why,
		i.amr, coalesce(i.addr, '') AS addr, coalesce(i.user_agent, '') AS user_agent, coalesce(i.request_id, '') AS request_id,
		coalesce(c.client_name, '') AS client_name, coalesce(c.registration, '') AS registration`

// ofClients joins the client of a sign-in, which may be gone.
const ofClients = `LEFT JOIN clients c ON c.client_id = i.client_id`

// SignInQuery is which sign-ins are wanted, the latest first.
type SignInQuery struct {
	Username string    // "" for anybody's
	Failed   bool      // failures only
	Since    time.Time // zero for any time
	Before   time.Time // with ID, the row that a page begins after
	ID       string
	Limit    int
}

func listSignInsFrom(tables string) query {
	return compile(`SELECT ` + signInColumns + ` FROM ` + tables + ` i.at >= @since AND (NOT @failed OR i.outcome = 'failed')
		AND i.at <= @before AND (i.at < @before OR i.id::text < @id) ORDER BY i.at DESC, i.id DESC LIMIT @limit`)
}

var (
	listSignIns   = listSignInsFrom(`sign_ins i JOIN users u ON u.id = i.user_id ` + ofClients + ` WHERE`)
	listSignInsOf = listSignInsFrom(`users u JOIN sign_ins i ON i.user_id = u.id ` + ofClients + ` WHERE u.username = @username AND`)
)

// ListSignIns returns sign-ins and failures, the latest first. Missing: there is no such user.
func (s *Store) ListSignIns(ctx context.Context, q SignInQuery) ([]SignInRow, error) {
	a := args{"since": q.Since, "failed": q.Failed, "before": q.Before, "id": q.ID, "limit": q.Limit}
	if q.Username == "" {
		return listed[SignInRow](ctx, s, listSignIns, a)
	}
	if _, err := s.AddressOf(ctx, q.Username); err != nil {
		return nil, err
	}
	a["username"] = q.Username
	return listed[SignInRow](ctx, s, listSignInsOf, a)
}
