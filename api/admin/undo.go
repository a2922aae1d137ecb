package admin

import "context"

// ChangeID names a change that audit has.
type ChangeID struct {
	ID int64 `json:"id" arg:"" help:"As gatehouse audit shows it."`
}

// UndoChange takes back a change, if what it made is still there. Errors: Missing; Refusal where it is not, or where a secret went with it.
func (a *Admin) UndoChange(ctx context.Context, in ChangeID) (Nothing, error) {
	return Nothing{}, a.store.Undo(ctx, in.ID)
}
