package admin

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"gatehouse/api/oidc"
	"gatehouse/deploy"
)

// PrintResource is a service, and what it is to be configured with.
type PrintResource struct {
	Identifier string `json:"identifier" arg:"" help:"Its address."`
	Template   string `json:"template,omitempty" enum:"metadata,fastapi,django,mcp,nginx" default:"metadata" help:"What for (${enum})."`
}

// PrintedResource is a whole file.
type PrintedResource struct {
	Config string `json:"config"`
}

// PrintResource returns the metadata of a service (RFC 9728), or a program or configuration that serves them and checks tokens. Errors:
// Missing, Invalid for a service whose identifier is no http or https URL.
func (a *Admin) PrintResource(ctx context.Context, in PrintResource) (PrintedResource, error) {
	in.Template = cmp.Or(in.Template, deploy.ResourceTemplates[0])
	if !slices.Contains(deploy.ResourceTemplates, in.Template) {
		return PrintedResource{}, invalid("%s must be one of %s, not %q", member("template"), strings.Join(deploy.ResourceTemplates, ", "),
			in.Template)
	}
	row, err := a.store.ShowResource(ctx, in.Identifier)
	if err != nil {
		return PrintedResource{}, err
	}
	if at, err := url.Parse(row.Identifier); err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return PrintedResource{}, invalid("%s must be an http or https address, for its metadata are there: %q", member("identifier"),
			row.Identifier)
	}
	policy, err := a.store.Policy(ctx)
	if err != nil {
		return PrintedResource{}, err
	}
	strong := policy.AtLeast(cmp.Or(row.MinACR, oidc.AMRMultiple))
	if len(strong) == 0 { // somebody removed the row of that class
		strong = []string{oidc.AMRMultiple}
	}
	var config strings.Builder
	err = deploy.Resource{Issuer: a.Issuer, Identifier: row.Identifier, Name: row.Name, Scopes: slices.Sorted(maps.Keys(row.Scopes)),
		ACRValues: strong}.Write(&config, in.Template)
	return PrintedResource{config.String()}, err
}
