package admin

import "context"

// TriedUpstream is whether people can be sent to an upstream, as far as can be said without an account there.
type TriedUpstream struct {
	Good bool   `json:"good" help:"Its discovery document can be read, and our secret opened."`
	Why  string `json:"why,omitempty" help:"What is wrong."`
}

// TryUpstream opens the secret of an upstream and fetches its discovery document.
func (a *Admin) TryUpstream(ctx context.Context, in UpstreamName) (TriedUpstream, error) {
	u, err := a.store.ShowUpstream(ctx, in.Name)
	switch {
	case err != nil:
		return TriedUpstream{}, err
	case u.DisabledAt != nil:
		return TriedUpstream{Why: "it is disabled"}, nil
	}
	found, wrong, err := a.Settings.TryUpstream(ctx, in.Name)
	switch {
	case err != nil:
		return TriedUpstream{}, err
	case !found:
		return TriedUpstream{}, Missing{Kind: "upstream", Name: in.Name}
	case wrong != nil:
		return TriedUpstream{Why: wrong.Error()}, nil
	}
	return TriedUpstream{Good: true}, nil
}
