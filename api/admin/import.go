package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// ImportClients is the clients to import.
type ImportClients struct {
	Clients []Registration `json:"clients"`
}

// ImportedClients is what became of the clients, in their order.
type ImportedClients struct {
	Clients  []ImportedClient `json:"clients"`
	Warnings []Warning        `json:"warnings"`
}

// ImportedClient is a client that was registered or updated.
type ImportedClient struct {
	AddedClient
	New bool `json:"new"`
}

// Warning is what does not keep a client from being registered.
type Warning struct {
	ClientID string `json:"client_id"`
	Text     string `json:"text"`
}

// ImportClients registers or replaces the clients, all or none. A client that is registered keeps its secret unless one
// is given. Grant and response types that are not supported are left out with a warning, so that clients of another provider
// can be imported. The error is of each client that is refused; the warnings are returned beside it, too.
func (a *Admin) ImportClients(ctx context.Context, in ImportClients) (ImportedClients, error) {
	out := ImportedClients{Clients: []ImportedClient{}, Warnings: []Warning{}}
	toImport := make([]store.ImportedClient, len(in.Clients))
	made := make([]string, len(in.Clients))
	for i, r := range in.Clients {
		for _, text := range a.keepSupported(&r) {
			out.Warnings = append(out.Warnings, Warning{r.ClientID, text})
		}
		var sha []byte
		made[i], sha = r.secret()
		toImport[i] = store.ImportedClient{Client: r.Client, SecretSHA256: sha, SecretIfMissing: made[i] != "",
			Refused: refuseSecret(r.ClientSecret)}
	}
	if err := a.store.ImportClients(ctx, toImport); err != nil {
		return out, err
	}
	for i, imported := range toImport {
		client := ImportedClient{AddedClient{ClientID: imported.ClientID}, imported.New}
		if imported.SecretIsNew {
			client.ClientSecret = made[i]
		}
		out.Clients = append(out.Clients, client)
	}
	return out, nil
}

// keepSupported leaves out of r what is not supported, and returns warnings of that and of what is unsafe.
func (a *Admin) keepSupported(r *Registration) (warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	keep := func(member string, registered *[]string, supported []string) {
		*registered = slices.DeleteFunc(slices.Clone(*registered), func(value string) bool {
			unsupported := !slices.Contains(supported, value)
			if unsupported {
				warn("left out %s %q, which is not supported", member, value)
			}
			return unsupported
		})
		if len(*registered) == 0 {
			warn("has no %s that is supported: nobody can sign in with it", member)
		}
	}
	keep("grant_type", &r.GrantTypes, append(slices.Clone(a.GrantTypes), oidc.GrantImplicit))
	for i, name := range r.ResponseTypes {
		r.ResponseTypes[i] = cmp.Or(string(oidc.ParseResponseType(name)), name)
	}
	keep("response_type", &r.ResponseTypes, strings.Split(oidc.JoinResponseTypes(oidc.ResponseTypes, ","), ","))
	for _, name := range r.ResponseTypes {
		if !slices.Contains(a.ResponseTypes, oidc.ResponseType(name)) {
			warn("response_type %q is refused unless GATEHOUSE_RESPONSE_TYPES has it", name)
		}
	}
	others := slices.DeleteFunc(strings.Fields(r.Scope), func(word string) bool { return slices.Contains(oidc.Scopes(), word) })
	if len(others) > 0 && len(r.Audiences) == 0 {
		warn("has scopes that mean nothing here, and audiences names no service that they are for: %s", strings.Join(others, " "))
	}
	for _, uri := range slices.Concat(r.RedirectURIs, r.PostLogoutRedirectURIs) {
		if sentInTheClear(uri) {
			warn("%s is http: whoever is on the way can read what is sent there", uri)
		}
	}
	if uri := r.FrontchannelLogoutURI; uri != "" && !oidc.MayTellInFront(uri, r.RedirectURIs) {
		warn(foreignLogoutURI, uri)
	}
	return warnings
}

// refuseSecret returns why a client is not imported with this secret, nil if it may be.
func refuseSecret(secret string) error {
	problem := oidc.ClientSecretProblem(secret)
	if secret == "" || problem == "" {
		return nil
	}
	return Refusal{Words: "client_secret " + problem + " (RFC 6749 §10.10); leave it out, and a new client gets a good one, or one that is " +
		"here keeps its own; gatehouse client rotate-secret makes another"}
}

const foreignLogoutURI = "frontchannel_logout_uri %s is never loaded: it has not the scheme, host and port of a redirect URI"
