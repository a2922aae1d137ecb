package admin

import (
	"context"
	"encoding/json"

	"gatehouse/api/store"
)

// ChangeOfRow is what would be done to a row; of an UPDATE, before and after have what differs.
type ChangeOfRow = store.Change

// Ends is how many of each would end.
type Ends struct {
	Sessions             int `json:"sessions"`
	Grants               int `json:"grants"` // with the access and refresh tokens that applications hold
	PersonalAccessTokens int `json:"personal_access_tokens"`
}

// DryRun is what an operation would do.
type DryRun struct {
	Changes []ChangeOfRow `json:"changes" help:"The first 1000."`
	More    int           `json:"more" help:"How many there are beyond them."`
	Ends    Ends          `json:"ends" help:"How many of each would end."`
	SQL     string        `json:"sql" help:"What does the same; in place of secrets it has three dots."`
	UndoSQL string        `json:"undo_sql" help:"What takes it back, but what ended."`
	Command string        `json:"command" help:"The command line that does the same."`
}

const maxChanges = 1000

// dryRunOf returns what an operation has done in a transaction that is to be undone.
func (a *Admin) dryRunOf(ctx context.Context, o Operation, in any, changes []store.Change) (d DryRun, err error) {
	var tables []string
	for _, c := range changes {
		tables = append(tables, c.Table)
	}
	types, err := a.store.ColumnTypes(ctx, tables)
	if err != nil {
		return d, err
	}
	for _, c := range changes {
		switch c.Table {
		case "sessions":
			d.Ends.Sessions++
		case "grants":
			d.Ends.Grants++
		case "personal_access_tokens":
			if c.Action != "INSERT" {
				d.Ends.PersonalAccessTokens++
			}
		}
	}
	if err := a.countShutOut(ctx, changes, &d.Ends); err != nil {
		return d, err
	}
	d.Changes = append([]store.Change{}, changes[:min(len(changes), maxChanges)]...)
	d.More = len(changes) - len(d.Changes)
	d.SQL, d.UndoSQL = statements{types}.written(d.Changes)
	d.Command = o.Command(in)
	return d, nil
}

// countShutOut adds what is held by the users and clients that the changes disable: it ends without a change of its rows.
func (a *Admin) countShutOut(ctx context.Context, changes []store.Change, ends *Ends) error {
	usernames, clientIDs := []string{}, []string{}
	for _, c := range changes {
		var after struct {
			DisabledAt *string `json:"disabled_at"`
		}
		if c.Action != "UPDATE" || json.Unmarshal(c.After, &after) != nil || after.DisabledAt == nil {
			continue
		}
		switch c.Table {
		case "users":
			usernames = append(usernames, c.Username)
		case "clients":
			clientIDs = append(clientIDs, c.ClientID)
		}
	}
	if len(usernames)+len(clientIDs) == 0 {
		return nil
	}
	held, err := a.store.HeldBy(ctx, usernames, clientIDs)
	ends.Sessions += held.Sessions
	ends.Grants += held.Grants
	ends.PersonalAccessTokens += held.PersonalAccessTokens
	return err
}
