package admin

import (
	"context"
	"strings"
)

// SetUpstream is what to change of an upstream: what is nil stays as it is, and what is empty is cleared.
type SetUpstream struct {
	Name string `json:"name" arg:"" help:"Whose row it is."`

	NewName     *string `json:"new_name,omitempty" placeholder:"NAME" help:"Another name; register its redirect URI there."`
	DisplayName *string `json:"display_name,omitempty" name:"display-name" placeholder:"NAME" help:"What people are shown."`
	Kind        *string `json:"kind,omitempty" placeholder:"KIND" help:"oidc, or github."`
	Issuer      *string `json:"issuer,omitempty" placeholder:"URL" help:"As its discovery document says; accounts stay those of the former."`
	ClientID    *string `json:"client_id,omitempty" name:"client-id" placeholder:"ID" help:"Ours there."`
	Scope       *string `json:"scope,omitempty" placeholder:"SCOPE" help:"What is asked for, separated by spaces."`
	Position    *int    `json:"position,omitempty" placeholder:"N" help:"Among the buttons: the lowest is the first."`

	ClientSecret *string `json:"client_secret,omitempty" kong:"-" help:"Our secret there; empty for none."`

	EmailDomains *[]string `json:"email_domains,omitempty" name:"email-domain" placeholder:"DOMAIN" help:"All; may be repeated."`
	TrustsEmail  *bool     `json:"trusts_email,omitempty" negatable:"" help:"A verified address of these is linked to whoever has it."`
	CreatesUsers *bool     `json:"creates_users,omitempty" negatable:"" help:"An account that belongs to nobody becomes a new user."`

	UsernamePrefix  *string   `json:"username_prefix,omitempty" placeholder:"PREFIX" help:"What the usernames of these begin with."`
	UsernamePattern *string   `json:"username_pattern,omitempty" placeholder:"REGEXP" help:"What the usernames of these are."`
	MFAValues       *[]string `json:"mfa_values,omitempty" name:"mfa-value" placeholder:"VALUE" help:"All acr and amr there of two factors."`

	Params *map[string]string `json:"authorization_params,omitempty" name:"param" placeholder:"NAME=VALUE" help:"All; may be repeated."`
}

// SetUpstream changes what is named of an upstream.
func (a *Admin) SetUpstream(ctx context.Context, in SetUpstream) (Nothing, error) {
	changes := changesOf(in)
	if in.EmailDomains != nil {
		changes["email_domains"] = lowered(*in.EmailDomains)
	}
	return Nothing{}, a.store.Set(ctx, "upstreams", in.Name, changes)
}

func lowered(list []string) (lower []string) {
	for _, text := range list {
		lower = append(lower, strings.ToLower(text))
	}
	return lower
}
