package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// A client authentication method is one line: its name (token_endpoint_auth_method) and how credentials are read from a
// request. found is false where the request does not use the method.
type clientAuthMethod struct {
	name string
	read func(authorization string, params oidc.Params) (candidates []credentials, found bool)
}

// credentials are a client's; one header can be read in two ways. At most one of secret and assertion is set.
type credentials struct{ id, secret, assertion string }

// clientAuthMethods is the table; discovery lists it.
var clientAuthMethods = []clientAuthMethod{
	{"client_secret_basic", readBasic},
	{"client_secret_post", func(_ string, params oidc.Params) ([]credentials, bool) {
		return []credentials{{id: params["client_id"], secret: params["client_secret"]}}, params["client_secret"] != ""
	}},
	{oidc.PrivateKeyJWT, readAssertion},
	{"none", func(authorization string, params oidc.Params) ([]credentials, bool) {
		return []credentials{{id: params["client_id"]}}, params["client_secret"] == "" && authorization == "" && !assertionParams(params)
	}},
}

// ClientAuthMethods returns the names in the table.
func ClientAuthMethods() []string {
	names := make([]string, len(clientAuthMethods))
	for i, m := range clientAuthMethods {
		names[i] = m.name
	}
	return names
}

// fromClient reads a request that a client makes itself, and authenticates the client; refusal is the answer if it cannot.
func (p *Provider) fromClient(
	ctx context.Context, r Request, endpoint string, known []string,
) (*oidc.Client, oidc.Params, *Answer) {
	params, bad := oidc.ParseParams(r.Params, known)
	client, refused, wait, err := (*oidc.Client)(nil), oidc.RefuseParams(bad), time.Duration(0), error(nil)
	if refused == nil {
		client, refused, wait, err = p.authenticateClient(ctx, r, params)
	}
	var a Answer
	switch {
	case err != nil:
		a = p.failed(ctx, err)
	case wait > 0:
		a = p.refuse(ctx, endpoint, client.ClientID, refused)
		a.Status, a.RetryAfter = 429, wait
	case refused != nil:
		a = p.refuse(ctx, endpoint, "", refused)
	default:
		return client, params, nil
	}
	return nil, nil, &a
}

// authenticateClient returns the client that a request comes from (RFC 6749 §2.3). A client with a secret may send it
// either way, whichever of the two methods it is registered with; a request with two methods at once is refused. wait is how long
// nobody's secret is looked at who comes from there, after too many wrong ones.
func (p *Provider) authenticateClient(
	ctx context.Context, r Request, params oidc.Params,
) (c *oidc.Client, refused *oidc.Error, wait time.Duration, err error) {
	var candidates []credentials
	used := 0
	for _, m := range clientAuthMethods {
		if list, found := m.read(r.Authorization, params); found {
			candidates = list
			used++
		}
	}
	if used > 1 {
		return nil, &oidc.Error{Code: oidc.InvalidRequest, Description: "the client authenticates in more than one way"}, 0, nil
	}
	why := "no client_id, or a header or client_assertion that cannot be read"
	var guessed *oidc.Client
	claimed, told := "", "client authentication failed"
	for _, try := range candidates {
		if try.id == "" {
			continue
		}
		if params["client_id"] != "" && params["client_id"] != try.id {
			why = "client_id " + clip(params["client_id"]) + " comes with the credentials of " + clip(try.id)
			continue
		}
		client, err := p.clientOf(ctx, r, []string{try.id})
		switch {
		case err != nil:
			return nil, nil, 0, err
		case client == nil:
			why = "client_id " + clip(try.id) + " is not registered; to see what is: gatehouse client list"
			continue
		case client.Disabled():
			why = "client_id " + clip(try.id) + " is disabled"
			continue
		}
		claimed = client.ClientID
		if wait := p.mustWait(r, client, try); wait > 0 {
			return client, errManyGuesses, wait, nil
		}
		problem, err := p.proves(ctx, r, client, try)
		var unfit unfitAssertion
		if errors.As(err, &unfit) {
			problem, err = "sent a client_assertion that does not count: "+string(unfit), nil
			told = "client_assertion: " + string(unfit)
		}
		if err != nil || problem == "" {
			return client, nil, 0, err
		}
		why = "client_id " + clip(try.id) + " " + problem
		if isGuess(client, try) {
			guessed = client
		}
	}
	if guessed != nil { // once, although one header can be read in two ways
		p.guesses.Failed(guessed.ClientID, guesser(r), p.now())
	}
	return nil, &oidc.Error{Code: oidc.InvalidClient, Description: told, Log: why, Claimed: claimed}, 0, nil
}

// proves returns what is wrong with credentials that are not the client's, for the log; never a secret.
func (p *Provider) proves(ctx context.Context, r Request, c *oidc.Client, try credentials) (problem string, err error) {
	switch method := c.TokenEndpointAuthMethod; {
	case method == oidc.PrivateKeyJWT && try.assertion == "":
		return "authenticates with private_key_jwt, and sent no client_assertion", nil
	case method == oidc.PrivateKeyJWT:
		return p.checkAssertion(ctx, r, c, try.assertion)
	case try.assertion != "":
		return "is not registered for private_key_jwt, and sent a client_assertion", nil
	case method == "none" && try.secret != "":
		return "is a public client, which has no secret, and sent one", nil
	case method != "none" && try.secret == "":
		return "has a secret, and sent none", nil
	case method != "none":
		return p.checkSecret(ctx, c, try.secret), nil
	}
	return "", nil
}

// readBasic reads the Authorization header as RFC 6749 §2.3.1 has it, percent-decoded, and as many clients send it, raw.
func readBasic(authorization string, _ oidc.Params) ([]credentials, bool) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil, false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	id, secret, ok := strings.Cut(string(plain), ":")
	if err != nil || !ok {
		return nil, true
	}
	list := []credentials{{id: id, secret: secret}}
	decodedID, errID := url.QueryUnescape(id)
	decodedSecret, errSecret := url.QueryUnescape(secret)
	if errID == nil && errSecret == nil && (decodedID != id || decodedSecret != secret) {
		list = append([]credentials{{id: decodedID, secret: decodedSecret}}, list...)
	}
	return list, true
}
