package admin

import (
	"context"
	"strings"
	"unicode/utf8"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// ClientRefusal is a request of a client that was refused.
type ClientRefusal struct {
	store.ClientRefusal
	DiffersAt *int   `json:"differs_at,omitempty" help:"The first character of sent that is another in nearest, from 0 on."`
	Allow     string `json:"allow,omitempty" help:"The command that allows what was sent."`
}

// ListClientRefusals is the client whose refusals are wanted.
type ListClientRefusals struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
}

// ListClientRefusals returns the latest refusals of a client, the latest first, and what would allow what it sent. Errors: Missing.
func (a *Admin) ListClientRefusals(ctx context.Context, in ListClientRefusals) ([]ClientRefusal, error) {
	c, err := a.store.ShowClient(ctx, in.ClientID)
	if err != nil {
		return nil, err
	}
	rows, err := a.store.ListClientRefusals(ctx, in.ClientID)
	out := make([]ClientRefusal, len(rows))
	for i, r := range rows {
		out[i] = ClientRefusal{ClientRefusal: r, Allow: allowing(&c.Client, r)}
		if r.Member != "" && r.Member != "scope" && r.Nearest != "" {
			at := firstDifference(r.Sent, r.Nearest)
			out[i].DiffersAt = &at
		}
	}
	return out, err
}

// allowing returns the command that has the client be registered for what was refused, "" for none.
func allowing(c *oidc.Client, r store.ClientRefusal) string {
	member, value := oidc.RefusedValue{Member: r.Member, Sent: r.Sent, Whole: r.Whole}.Allow(c)
	prefix, column := "", member
	if name, found := strings.CutPrefix(member, "add_"); found {
		prefix, column = "add-", name
	}
	word, found := clientWords[column]
	if !found {
		return ""
	}
	return "gatehouse client set " + shellWord(c.ClientID) + " --" + prefix + word.flag + " " + shellWord(value)
}

// firstDifference returns the place of the first character in which two texts differ.
func firstDifference(a, b string) (at int) {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			return at
		}
		a, b = a[n:], b[m:]
		at++
	}
	return at
}
