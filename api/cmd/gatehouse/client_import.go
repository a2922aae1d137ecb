package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

type clientImportCmd struct {
	File string `arg:"" help:"A JSON array of clients, or one client; - is standard input."`
}

// registration is a client in the names of RFC 7591 §2 and §3.2.1. Members it does not know are ignored.
type registration struct {
	store.ClientRow
	ClientSecret string `json:"client_secret"`
}

// Run makes the clients what the file says, all or none. What the file leaves out has its default, but the secret, which a
// registered client keeps and a new one gets.
func (c clientImportCmd) Run(ctx context.Context, a *app) error {
	text, err := c.read(a)
	if err != nil {
		return err
	}
	list, err := parseRegistrations(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return a.withStore(ctx, 0, func(_ *config.Config, s *store.Store) error {
		toImport := make([]store.ImportedClient, len(list))
		generated := make([]string, len(list))
		for i, r := range list {
			for _, warning := range r.keepSupported() {
				fmt.Fprintf(a.stderr, "warning: client %s: %s\n", r.ClientID, warning)
			}
			toImport[i].ClientRow = r.ClientRow
			switch {
			case r.ClientSecret != "":
				toImport[i].Secret.SHA256 = digest(r.ClientSecret)
			case r.TokenEndpointAuthMethod != "none" && r.TokenEndpointAuthMethod != "private_key_jwt":
				generated[i], toImport[i].Secret.SHA256 = newSecret()
				toImport[i].Secret.IfMissing = true
			}
		}
		if err := s.ImportClients(ctx, toImport); err != nil {
			return err
		}
		for i, imported := range toImport {
			word := "updated"
			if imported.New {
				word = "registered"
			}
			if generated[i] != "" && imported.SecretIsNew {
				word += ", client_secret " + generated[i]
			}
			fmt.Fprintf(a.stdout, "%s: %s\n", imported.ClientID, word)
		}
		return nil
	})
}

const maxImport = 16 << 20 // bytes

func (c clientImportCmd) read(a *app) ([]byte, error) {
	in := a.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err == nil && len(text) > maxImport {
		err = fmt.Errorf("%s is larger than 16 MiB", c.File)
	}
	return text, err
}

func parseRegistrations(text []byte) ([]*registration, error) {
	text = bytes.TrimSpace(text)
	raw := []json.RawMessage{text}
	if bytes.HasPrefix(text, []byte("[")) {
		if err := json.Unmarshal(text, &raw); err != nil {
			return nil, fmt.Errorf("this is not JSON: %w", err)
		}
	}
	var list []*registration
	seen := map[string]bool{}
	for i, item := range raw {
		r := &registration{ClientRow: store.NewClientRow()} // the defaults of RFC 7591 §2 for what is left out
		var wrongType *json.UnmarshalTypeError
		switch err := json.Unmarshal(item, r); {
		case errors.As(err, &wrongType):
			return nil, fmt.Errorf("client %d: %s must not be a %s", i+1, orElse(wrongType.Field, "a client"), wrongType.Value)
		case err != nil:
			return nil, fmt.Errorf("client %d is not JSON: %w", i+1, err)
		case r.ClientID == "":
			return nil, fmt.Errorf("client %d has no client_id", i+1)
		case seen[r.ClientID]:
			return nil, fmt.Errorf("client_id %q is there twice", r.ClientID)
		}
		seen[r.ClientID] = true
		list = append(list, r)
	}
	return list, nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// keepSupported leaves out what there is not, so that a client of another provider can be taken over, and says so.
func (r *registration) keepSupported() (warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	keep := func(member string, registered *[]string, supported []string) {
		*registered = slices.DeleteFunc(*registered, func(value string) bool {
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
	keep("grant_type", &r.GrantTypes, append(provider.GrantTypes(), oidc.GrantImplicit))
	for i, name := range r.ResponseTypes {
		r.ResponseTypes[i] = orElse(string(oidc.ParseResponseType(name)), name)
	}
	keep("response_type", &r.ResponseTypes, strings.Split(oidc.JoinResponseTypes(oidc.ResponseTypes, ","), ","))
	for _, name := range r.ResponseTypes {
		if oidc.ResponseType(name).FrontChannel() {
			warn("response_type %q is refused unless GATEHOUSE_RESPONSE_TYPES has it", name)
		}
	}
	if r.ClientSecret != "" && len(r.ClientSecret) < 22 { // 128 bits in base64
		warn("has a short secret: gatehouse client rotate-secret %s makes a strong one", r.ClientID)
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

const foreignLogoutURI = "frontchannel_logout_uri %s is never loaded: it has not the scheme, host and port of a redirect URI"

func sentInTheClear(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && strings.EqualFold(u.Scheme, "http") && !config.IsLoopback(u.Hostname())
}
