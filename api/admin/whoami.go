package admin

import (
	"context"

	"gatehouse/api/oidc"
)

type callerKey struct{}

// Me is who asks, and what they may.
type Me struct {
	Name  string         `json:"name" help:"A username, or the client_id of a client that comes for itself."`
	Role  oidc.AdminRole `json:"role" help:"administrator, reader, help desk or owner."`
	Owner bool           `json:"owner,omitempty" help:"Whether they own groups, whatever else they may."`
	Scope string         `json:"scope" help:"Of the access token."`
	May   []string       `json:"may" help:"Methods and paths of the operations that are not refused whatever they are about."`
}

// WhoAmI returns who asks by Do.
func (a *Admin) WhoAmI(ctx context.Context, _ Nothing) (Me, error) {
	c, _ := ctx.Value(callerKey{}).(Caller)
	me := Me{Name: c.Name, Role: c.Role, Owner: c.Owner, Scope: c.Scope, May: []string{}}
	for _, o := range c.operations {
		if o.Path != "" && may(c.as(o), o) == nil {
			me.May = append(me.May, o.Path)
		}
	}
	return me, nil
}
