package main

import (
	"strings"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// addedClient is a client that was registered, and what the application asks for beside its id and secret.
type addedClient struct {
	admin.AddedClient
	*addresses
}

// addresses are those of the issuer, in the names of RFC 8414 §2.
type addresses struct {
	Issuer                string `json:"issuer"`
	Discovery             string `json:"discovery"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	UserinfoEndpoint      string `json:"userinfo_endpoint"`
}

// addressesOf returns them; nil where GATEHOUSE_ISSUER is not set.
func addressesOf(cfg *config.Config) *addresses {
	if cfg.Issuer == "" {
		return nil
	}
	return &addresses{cfg.Issuer, cfg.Issuer + "/.well-known/openid-configuration", cfg.Issuer + "/authorize", cfg.Issuer + "/token",
		cfg.Issuer + "/userinfo"}
}

// String returns a line for each, its name first.
func (c addedClient) String() string {
	lines := [][2]string{{"client_id", c.ClientID}, {"client_secret", c.ClientSecret}}
	if c.addresses != nil {
		lines = append(lines, [2]string{"issuer", c.Issuer}, [2]string{"discovery", c.Discovery},
			[2]string{"authorization_endpoint", c.AuthorizationEndpoint}, [2]string{"token_endpoint", c.TokenEndpoint},
			[2]string{"userinfo_endpoint", c.UserinfoEndpoint})
	}
	var b strings.Builder
	for _, line := range lines {
		if line[1] != "" {
			b.WriteString(line[0] + " " + line[1] + "\n")
		}
	}
	return b.String()
}
