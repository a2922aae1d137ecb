package provider

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// sealedPrefix marks a client_secret that is sealed.
const sealedPrefix = "sealed:"

var upstreamSecretBox = keys.Box[string]{Purpose: keys.ForUpstreamSecrets}

// upstreamNamed returns an enabled upstream with its secret in the clear; nil where there is none of that name. It returns
// the upstream beside an error, too, where it is the secret that cannot be opened.
func (p *Provider) upstreamNamed(ctx context.Context, name string) (*oidc.Upstream, error) {
	list, err := p.store.Upstreams(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range list {
		if u.Name == name {
			u.ClientSecret, err = p.openUpstreamSecret(ctx, u)
			return &u, err
		}
	}
	return nil, nil
}

// sealUpstreamSecrets replaces the secrets that administrators wrote plain.
func (p *Provider) sealUpstreamSecrets(ctx context.Context) error {
	list, err := p.store.Upstreams(ctx)
	for _, u := range list {
		if _, failed := p.openUpstreamSecret(ctx, u); failed != nil {
			p.tell(ctx, oidc.UpstreamUnusable{Upstream: u.Name, Error: failed.Error()})
		}
	}
	return err
}

// ExaminedUpstream is what gatehouse doctor reports about an upstream.
type ExaminedUpstream struct {
	Name, Issuer string
	Err          error
}

// ExamineUpstreams opens the secret of each enabled upstream and fetches its discovery document.
func (p *Provider) ExamineUpstreams(ctx context.Context) ([]ExaminedUpstream, error) {
	list, err := p.store.Upstreams(ctx)
	var out []ExaminedUpstream
	for _, u := range list {
		out = append(out, ExaminedUpstream{u.Name, u.Issuer, p.examineUpstream(ctx, u)})
	}
	return out, err
}

func (p *Provider) examineUpstream(ctx context.Context, u oidc.Upstream) error {
	if _, err := p.openUpstreamSecret(ctx, u); err != nil {
		return err
	}
	return p.upstreams.Reachable(ctx, &u)
}

// TryUpstream is ExamineUpstreams for one of them. found is false where none of that name is enabled.
func (p *Provider) TryUpstream(ctx context.Context, name string) (found bool, wrong, err error) {
	list, err := p.store.Upstreams(ctx)
	for _, u := range list {
		if u.Name == name {
			return true, p.examineUpstream(ctx, u), nil
		}
	}
	return false, nil, err
}

// openUpstreamSecret reads client_secret. One that an administrator wrote plain is replaced by its sealed form, which is
// good for this issuer and client_id only: whoever may write to the row cannot have the secret sent elsewhere.
func (p *Provider) openUpstreamSecret(ctx context.Context, u oidc.Upstream) (string, error) {
	if strings.HasPrefix(u.ClientSecret, sealedPrefix) {
		return p.OpenUpstreamSecret(u)
	}
	if u.ClientSecret == "" {
		return "", nil
	}
	sealed := sealedPrefix + upstreamSecretBox.Seal(p.sealer, u.ClientSecret, sealedFor(u))
	if err := p.store.SealUpstreamSecret(ctx, u.Name, u.ClientSecret, sealed); err != nil {
		p.tell(ctx, oidc.UpstreamSecretNotSealed{Upstream: u.Name, Error: err.Error()})
	}
	return u.ClientSecret, nil
}

// OpenUpstreamSecret opens a client_secret that is sealed.
func (p *Provider) OpenUpstreamSecret(u oidc.Upstream) (string, error) {
	secret, err := upstreamSecretBox.Open(p.sealer, strings.TrimPrefix(u.ClientSecret, sealedPrefix), sealedFor(u))
	if err != nil {
		return "", fmt.Errorf("%w: client_secret of upstream %s cannot be opened: its issuer, its client_id or GATEHOUSE_ENCRYPTION_KEY "+
			"has changed; write the secret into the row again", authn.ErrUpstreamFailed, u.Name)
	}
	return secret, nil
}

func sealedFor(u oidc.Upstream) []byte { return []byte(u.Issuer + "\x00" + u.ClientID) }
