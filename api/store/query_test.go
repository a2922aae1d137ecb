package store

import (
	"slices"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

func TestNamesOfArgumentsAreNumbered(t *testing.T) {
	for text, want := range map[string]query{
		`SELECT 1`:                             {`SELECT 1`, nil},
		`SELECT @now`:                          {`SELECT $1`, []string{"now"}},
		`a = @b AND c = @c_2::text AND d > @b`: {`a = $1 AND c = $2::text AND d > $1`, []string{"b", "c_2"}},
		`(@a, @b)`:                             {`($1, $2)`, []string{"a", "b"}},
		`'me@example.org' || "x@y" || @z || 'it''s @a'`: {`'me@example.org' || "x@y" || $1 || 'it''s @a'`, []string{"z"}},
		`a @> @b AND @b <@ a AND j @? '$.a' AND j @@ '$.b' AND @ - 1 = 1`: {
			`a @> $1 AND $1 <@ a AND j @? '$.a' AND j @@ '$.b' AND @ - 1 = 1`, []string{"b"}},
		`a <@ b @`: {`a <@ b @`, nil},
	} {
		if got := compile(text); got.sql != want.sql || !slices.Equal(got.names, want.names) {
			t.Errorf("%s: %q %v", text, got.sql, got.names)
		}
	}
}

func TestArgumentsHaveToBeThoseOfTheStatement(t *testing.T) {
	q := compile(`SELECT @a, @b`)
	if got := q.values(args{"b": 2, "a": 1}); !slices.Equal(got, []any{1, 2}) {
		t.Error(got)
	}
	for _, wrong := range []args{nil, {"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v is taken", wrong)
				}
			}()
			q.values(wrong)
		}()
	}
}

func BenchmarkArguments(b *testing.B) {
	for b.Loop() {
		loadStanding.values(args{"cookie": b, "now": b, "client": b, "allowed_groups": b})
	}
}

func BenchmarkManyArguments(b *testing.B) {
	r := Rotation{Client: &oidc.Client{}}
	for b.Loop() {
		a := r.args(time.Time{})
		a["next_place"], a["idle_ends"] = b, b
		rotateRefreshToken.values(a)
	}
}
