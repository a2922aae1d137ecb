package admin

import (
	"context"
	"slices"
	"time"

	"gatehouse/api/store"
)

// Mail is a mail and what became of it; not what it says.
type Mail = store.MailRow

// ListMail is which mail is wanted.
type ListMail struct {
	Paging
	Username string `json:"username,omitempty" help:"About this user only."`
	State    string `json:"state,omitempty" help:"Only what waits, was sent, or is given_up."`
}

// ListMail returns the mail that waits, was sent within a week or was given up, the latest first.
func (a *Admin) ListMail(ctx context.Context, in ListMail) (Page[Mail], error) {
	if states := []string{"", "waits", "sent", "given_up"}; !slices.Contains(states, in.State) {
		return Page[Mail]{}, invalid("%s must be waits, sent or given_up, not %q", member("state"), in.State)
	}
	return page(in.Paging, func(m Mail) string { return m.ID }, func(p store.Page) ([]Mail, error) {
		return a.store.ListMail(ctx, store.MailQuery{Page: p, Username: in.Username, State: in.State})
	})
}

// RetryMail is which mail is to be tried again.
type RetryMail struct {
	ID  string `json:"id,omitempty" arg:"" optional:"" name:"id" help:"As gatehouse mail list shows it."`
	All bool   `json:"all,omitempty" help:"All that waits or was given up, but for what may have been sent."`
}

// RetriedMail is how much is tried again.
type RetriedMail struct {
	Tried int `json:"tried" help:"How many mails."`
}

// RetryMail has mail sent that waits for its next attempt or was given up, by those who serve.
func (a *Admin) RetryMail(ctx context.Context, in RetryMail) (RetriedMail, error) {
	if (in.ID == "") != in.All {
		return RetriedMail{}, invalid("name a mail with %s, or say %s", member("id"), member("all"))
	}
	tried, err := a.store.RetryMail(ctx, in.ID, time.Now())
	return RetriedMail{tried}, err
}
