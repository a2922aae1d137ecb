package admin

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/api/declared"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// sealedSecret is how client_secret of an upstream begins once Gatehouse has read it.
const sealedSecret = "sealed:"

// secretIs reports whether what is stored of a row's secret, or of one of its secrets, is what its reference refers to. A variable that is
// not set says nothing: a secret that there is stays, so that a plan can be made where secrets are not known.
func (d *declaration) secretIs(r *declared.Row, s *declared.Stored) (bool, error) {
	ref := r.Secret
	value, found, err := d.secretOf(ref)
	sealedForOther := strings.HasPrefix(s.Secret, sealedSecret) && (string(r.Values["issuer"]) != string(s.Values["issuer"]) ||
		string(r.Values["client_id"]) != string(s.Values["client_id"]))
	switch {
	case err != nil:
		return false, err
	case !found && s.Secret == "":
		return false, fmt.Errorf("%s is not set, and there is no secret yet", ref.Name)
	case !found && sealedForOther:
		return false, fmt.Errorf("%s is not set, and the secret that there is, is sealed for the former issuer and client_id", ref.Name)
	case !found:
		return true, nil
	}
	d.secrets[ref] = value
	if !r.Noun.Secret.Digest {
		if sealedForOther || !strings.HasPrefix(s.Secret, sealedSecret) {
			return s.Secret == value, nil
		}
		return d.sealedIs(s, value)
	}
	if problem := oidc.ClientSecretProblem(value); problem != "" {
		return false, fmt.Errorf("%s of %s %s (RFC 6749 §10.10)", r.Noun.Secret.Member, ref.Name, problem)
	}
	digest := oidc.Digest(value)
	return slices.Contains(strings.Fields(s.Secret), `\x`+hex.EncodeToString(digest[:])), nil
}

func (d *declaration) secretOf(ref *declared.Reference) (value string, found bool, err error) {
	if d.Secret == nil {
		return "", false, nil
	}
	return d.Secret(ref.At.File, *ref)
}

// sealedIs opens what is stored of an upstream's secret.
func (d *declaration) sealedIs(s *declared.Stored, value string) (bool, error) {
	if d.OpenUpstreamSecret == nil {
		return false, errors.New("what is stored is sealed, and cannot be opened here")
	}
	plain, err := d.OpenUpstreamSecret(oidc.Upstream{Name: s.Text("name"), Issuer: s.Text("issuer"), ClientID: s.Text("client_id"),
		ClientSecret: s.Secret})
	return subtle.ConstantTimeCompare([]byte(plain), []byte(value)) == 1, err
}

// stored returns what is stored of a secret.
func stored(s *declared.Secret, value string) any {
	if !s.Digest {
		return value
	}
	digest := oidc.Digest(value)
	return digest[:]
}

// markSecrets has the secrets that clients have in the files say so, for those who would rotate them elsewhere.
func (d *declaration) markSecrets(ctx context.Context, rows []*declared.Row) error {
	var list []store.DeclaredSecret
	var others []string
	for _, r := range rows {
		if r.Noun.Name != "clients" {
			continue
		}
		id := r.Text("client_id")
		if value, known := d.secrets[r.Secret]; known {
			list = append(list, store.DeclaredSecret{ClientID: id, SHA256: oidc.Digest(value), Mark: r.At.Mark()})
		} else if r.Secret == nil {
			others = append(others, id)
		}
	}
	return d.tx.MarkSecrets(ctx, list, others)
}
