// Package load puts load on OpenID providers of this machine, and measures what an operation costs them.
package load

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// A Target is a provider, and who uses it there.
type Target struct {
	Name        string
	Issuer      string // http://127.0.0.1:PORT
	Client      Client // has the code flow and refreshes
	Service     Client // has client_credentials and introspects
	RedirectURI string
	Scope       string
	UIOrigin    string // where people sign in; only the workload login needs it
	Users       int
	User        func(n int) User

	endpoints map[string]*url.URL // by their names in discovery
}

// A Client authenticates with client_secret_basic.
type Client struct{ ID, Secret string }

// A User has a session already, but in the workload login, and can sign in with a password.
type User struct {
	SessionCookie, Session string
	Username, Password     string
}

// Discover reads the discovery document.
func (t *Target) Discover() error {
	discovery, err := url.Parse(t.Issuer + "/.well-known/openid-configuration")
	if err != nil {
		return err
	}
	c := newClient()
	defer c.close()
	got, err := c.do("GET", discovery, nil)
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(got.body, &document); err != nil || got.status != 200 {
		return fmt.Errorf("discovery of %s: status %d: %w", t.Name, got.status, err)
	}
	t.endpoints = map[string]*url.URL{"discovery": discovery}
	for name, value := range document {
		if address, ok := value.(string); ok && (strings.HasSuffix(name, "_endpoint") || name == "jwks_uri") {
			if t.endpoints[name], err = url.Parse(address); err != nil {
				return err
			}
		}
	}
	return nil
}
