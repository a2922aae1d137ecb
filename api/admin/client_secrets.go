package admin

import (
	"context"
	"time"

	"gatehouse/api/store"
)

// ClientSecret is one of the secrets of a client, without its value.
type ClientSecret = store.ClientSecret

// ListClientSecrets is the client whose secrets are wanted.
type ListClientSecrets struct {
	Paging
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
}

// ListClientSecrets returns the secrets of a client by name, those that have ended among them. Errors: Missing.
func (a *Admin) ListClientSecrets(ctx context.Context, in ListClientSecrets) (Page[ClientSecret], error) {
	p, err := page(in.Paging, func(s ClientSecret) string { return s.Name }, func(p store.Page) ([]ClientSecret, error) {
		return a.store.ListClientSecrets(ctx, store.ClientSecretsQuery{Page: p, ClientID: in.ClientID})
	})
	if err == nil && len(p.Items) == 0 {
		_, err = a.store.ShowClient(ctx, in.ClientID)
	}
	return p, err
}

// AddedClientSecret has the secret, which is shown only now.
type AddedClientSecret struct {
	ClientID     string     `json:"client_id"`
	Name         string     `json:"name" help:"What you know it by."`
	ClientSecret string     `json:"client_secret" help:"Shown only now."`
	ExpiresAt    *time.Time `json:"expires_at,omitempty" help:"Refused from then on."`
}

// AddClientSecret is a secret to add to a client.
type AddClientSecret struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
	Name     string `json:"name,omitempty" help:"What you know it by; the day unless given."`
	Days     *int   `json:"days,omitempty" placeholder:"90" help:"How long it is good; without: it never ends."`
}

const maxSecretDays = 3650

// AddClientSecret adds a secret beside the live one of a client; those that have ended go. Errors: Invalid, Missing, Refusal.
func (a *Admin) AddClientSecret(ctx context.Context, in AddClientSecret) (AddedClientSecret, error) {
	n := store.NewClientSecret{ClientID: in.ClientID, Name: in.Name}
	if in.Days != nil {
		if *in.Days < 1 || *in.Days > maxSecretDays {
			return AddedClientSecret{}, invalid("%s must be from 1 to %d", member("days"), maxSecretDays)
		}
		life := time.Duration(*in.Days) * day
		n.Life = &life
	}
	var secret string
	secret, n.SHA256 = newSecret()
	added, err := a.store.AddClientSecret(ctx, n)
	return addedSecret(in.ClientID, secret, added, err)
}

func addedSecret(clientID, secret string, added ClientSecret, err error) (AddedClientSecret, error) {
	if err != nil {
		return AddedClientSecret{}, err
	}
	return AddedClientSecret{ClientID: clientID, Name: added.Name, ClientSecret: secret, ExpiresAt: added.ExpiresAt}, nil
}

// RotateClientSecret is the client whose secret is to be replaced.
type RotateClientSecret struct {
	ClientID string   `json:"client_id" arg:"" name:"id" help:"client_id."`
	Keep     Duration `json:"keep,omitempty" placeholder:"7d" help:"How long the old one still counts; without: not at all."`
	Name     string   `json:"name,omitempty" help:"What you know the new one by; the day unless given."`
}

// RotateClientSecret adds a secret; the former ones are refused from the next request on, or end after a while. Errors: Invalid, Missing,
// Refusal.
func (a *Admin) RotateClientSecret(ctx context.Context, in RotateClientSecret) (AddedClientSecret, error) {
	if time.Duration(in.Keep) > maxSecretDays*day || in.Keep < 0 {
		return AddedClientSecret{}, invalid("%s must be at most %dd", member("keep"), maxSecretDays)
	}
	secret, sha := newSecret()
	added, err := a.store.RotateClientSecret(ctx, store.NewClientSecret{ClientID: in.ClientID, Name: in.Name, SHA256: sha},
		time.Duration(in.Keep))
	return addedSecret(in.ClientID, secret, added, err)
}

// ClientSecretName names a secret of a client.
type ClientSecretName struct {
	ClientID string `json:"client_id" arg:"" name:"id" help:"client_id."`
	Name     string `json:"name" arg:"" help:"As client secrets has it."`
}

// RemoveClientSecret removes a secret: it is refused from the next request on. Errors: Missing.
func (a *Admin) RemoveClientSecret(ctx context.Context, in ClientSecretName) (Nothing, error) {
	return Nothing{}, a.store.RemoveClientSecret(ctx, in.ClientID, in.Name)
}
