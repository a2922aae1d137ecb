package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/api/oidc"
)

// mailTokens has the access token that mail is sent with (XOAUTH2), from the token endpoint that the operator names: with a refresh token
// (RFC 6749 §6) or, without one, with client credentials (§4.4).
type mailTokens struct {
	settings oidc.MailSettings
	client   *http.Client
	now      func() time.Time

	mu      sync.Mutex // one asks, others wait
	token   string
	ends    time.Time
	refresh string
}

// mailTokenSlack is how long before its end a token is not used any more: a connection has to be opened with it.
const mailTokenSlack = time.Minute

// Token returns a token that is good for a while.
func (t *mailTokens) Token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && t.now().Add(mailTokenSlack).Before(t.ends) {
		return t.token, nil
	}
	return t.fetch(ctx)
}

// Forget has a token that the server does not take be used no more, so that the next attempt has another one.
func (t *mailTokens) Forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}

func (t *mailTokens) fetch(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {oidc.GrantClientCredentials}, "client_id": {t.settings.ClientID}}
	if t.refresh != "" {
		form.Set("grant_type", oidc.GrantRefreshToken)
		form.Set("refresh_token", t.refresh)
	}
	if t.settings.ClientSecret != "" {
		form.Set("client_secret", t.settings.ClientSecret)
	}
	if t.settings.TokenScope != "" {
		form.Set("scope", t.settings.TokenScope)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.settings.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	response, err := t.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("GATEHOUSE_SMTP_TOKEN_URL: %w", err)
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken  string      `json:"access_token"`
		ExpiresIn    json.Number `json:"expires_in"`
		RefreshToken string      `json:"refresh_token"`
		Error        string      `json:"error"`
		Description  string      `json:"error_description"`
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	seconds, _ := answer.ExpiresIn.Float64()
	switch {
	case response.StatusCode != http.StatusOK && answer.Error != "": // RFC 6749 §5.2
		return "", fmt.Errorf("GATEHOUSE_SMTP_TOKEN_URL answers %d %s: %s", response.StatusCode, readable(answer.Error, 100),
			readable(answer.Description, 300))
	case response.StatusCode != http.StatusOK || err != nil || !isToken(answer.AccessToken):
		return "", fmt.Errorf("GATEHOUSE_SMTP_TOKEN_URL answers %d, and no access token", response.StatusCode)
	}
	if answer.RefreshToken != "" { // it may replace the former one, for as long as this process runs
		t.refresh = answer.RefreshToken
	}
	t.token, t.ends = answer.AccessToken, t.now().Add(time.Duration(seconds*float64(time.Second)))
	return t.token, nil
}

// isToken reports whether a token can be in a line of XOAUTH2, in which control characters have a meaning of their own (RFC 6750 §2.1).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
