package oidc

import (
	"slices"
	"strings"
	"time"
)

// Resource is a service that access tokens are for (RFC 8707 §2): a row of resources.
type Resource struct {
	Identifier string            `json:"identifier"`
	Name       string            `json:"name,omitempty"`
	Scopes     map[string]string `json:"scopes"`  // and what each is in words
	OpenTo     string            `json:"open_to"` // OpenToListed or OpenToRegistered

	AccessTokenLifetime int        `json:"access_token_lifetime,omitempty"` // seconds; 0: that of the deployment
	AllowedGroups       []string   `json:"allowed_groups,omitempty"`        // whose members get tokens for it; empty: everybody
	MinACR              string     `json:"min_acr,omitempty"`               // what a sign-in has to reach, "" for anything
	DisabledAt          *time.Time `json:"disabled_at,omitempty"`
	CreatedAt           time.Time  `json:"created_at"`
	ManagedBy           string     `json:"managed_by,omitempty"` // where a file declares it; "": none does
}

// Who may ask for access tokens for a resource.
const (
	OpenToListed     = "listed"     // clients that have it among their audiences
	OpenToRegistered = "registered" // those, and all that registered themselves
)

// DisplayName returns what people are shown.
func (r *Resource) DisplayName() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Identifier
}

// Resources reads the resource parameter, which may be repeated (RFC 8707 §2): each value has to be one of allowed, whose spelling is
// what is returned. nil means that there is none.
func Resources(values, allowed []string) (list []string, refusal *Error) {
	for _, value := range values {
		i := slices.IndexFunc(allowed, func(one string) bool { return isSameResource(one, value) })
		switch {
		case value == "":
			continue // as if it were not there (RFC 6749 §3.1)
		case i < 0:
			return nil, &Error{Code: InvalidTarget, Description: "resource is not one that this client may have access tokens for"}
		case !slices.Contains(list, allowed[i]):
			list = append(list, allowed[i])
		}
	}
	return list, nil
}

// ReadResources is Resources of those that the client may ask for; the log is told how to allow it one that it may not.
func (c *Client) ReadResources(values []string, issuer string) (list []string, refusal *Error) {
	allowed := c.ResourcesOf(issuer)
	list, refusal = Resources(values, allowed)
	if refusal != nil {
		unknown := func(value string) bool { _, e := Resources([]string{value}, allowed); return e != nil }
		value := values[slices.IndexFunc(values, unknown)]
		refusal.Log, refusal.Refused = c.explainResource(value), refusedURI("resource", value, allowed)
	}
	return list, refusal
}

// isSameResource reports whether two identifiers are those of one service: libraries write an origin with and without the slash of its
// empty path (RFC 3986 §6.2.3).
func isSameResource(a, b string) bool { return a == b || withoutSlash(a) == withoutSlash(b) }

func withoutSlash(uri string) string {
	if bare := strings.TrimSuffix(uri, "/"); bare != "" && bare == Origin(uri) {
		return bare
	}
	return uri
}

// DefaultAudience returns the audience of an access token where nothing else is asked for: the issuer, for userinfo, and the services
// in the client's row.
func (c *Client) DefaultAudience(issuer string) []string {
	return append([]string{issuer}, c.enabledAudiences()...)
}

// enabledAudiences are the services in the client's row, but for those that an administrator shut.
func (c *Client) enabledAudiences() []string {
	return slices.DeleteFunc(slices.Clone(c.Audiences), func(identifier string) bool { return c.resource(identifier).disabled() })
}

// ResourcesOf returns the possible audiences of the client's access tokens: those, and for one that registered itself the resources
// that are open to it, each of which it has to ask for.
func (c *Client) ResourcesOf(issuer string) []string {
	list := c.DefaultAudience(issuer)
	for i := range c.Resources {
		if c.mayNameOpen(&c.Resources[i]) && !slices.Contains(list, c.Resources[i].Identifier) {
			list = append(list, c.Resources[i].Identifier)
		}
	}
	return list
}

// mayNameOpen reports whether a resource is open to the client without being in its row.
func (c *Client) mayNameOpen(r *Resource) bool {
	return c.Registration != "" && r.OpenTo == OpenToRegistered && !r.disabled()
}

// grantedResources returns those of an authorization request that names services; the scope openid adds userinfo. nil means that it
// names none.
func grantedResources(services []string, issuer, scope string) []string {
	if services != nil && HasScope(scope, "openid") && !slices.Contains(services, issuer) {
		return append([]string{issuer}, services...)
	}
	return services
}

// Services returns the identifiers of the services that the request wants access tokens for, beside userinfo.
func (r AuthorizeRequest) Services(c *Client) []string {
	if r.Resources == nil {
		return c.enabledAudiences()
	}
	known := func(identifier string) bool {
		return slices.Contains(c.Audiences, identifier) || c.resource(identifier) != nil
	}
	return slices.DeleteFunc(slices.Clone(r.Resources), func(identifier string) bool { return !known(identifier) })
}

// ServiceInWords returns what people call a service.
func (c *Client) ServiceInWords(identifier string) string {
	if row := c.resource(identifier); row != nil {
		return row.DisplayName()
	}
	return identifier
}

// ServicesInWords returns what people call the services of a request, and what its scopes there are in words.
func (r AuthorizeRequest) ServicesInWords(c *Client) (names []string, scopes map[string]string) {
	scopes = map[string]string{}
	for _, identifier := range r.Services(c) {
		names = append(names, c.ServiceInWords(identifier))
		row := c.resource(identifier)
		for _, word := range strings.Fields(r.Scope) {
			if row != nil && row.Scopes[word] != "" && scopes[word] == "" {
				scopes[word] = row.Scopes[word]
			}
		}
	}
	return names, scopes
}

// AudienceOf returns the audience of an access token (RFC 9068 §3): the resources that the token request names; else those that
// were granted and that the client still may ask for, or the issuer if none is left; else, where the authorization request named
// none, all in its row.
func AudienceOf(c *Client, issuer string, granted, wanted []string) Audience {
	switch {
	case wanted != nil:
		return wanted
	case granted == nil:
		return c.DefaultAudience(issuer)
	}
	all := c.ResourcesOf(issuer)
	left := slices.DeleteFunc(slices.Clone(granted), func(resource string) bool { return !slices.Contains(all, resource) })
	if len(left) == 0 {
		return Audience{issuer}
	}
	return left
}
