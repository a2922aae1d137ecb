package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// fetchTyped gets what a client keeps at an address of its own, such as its keys: at most so many bytes, through the guarded way out,
// and nothing but a 200. What the error says is for the log; it never repeats the address, which may have a secret in it.
func (p *Provider) fetchTyped(ctx context.Context, uri string, most int64) (body []byte, contentType string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, "", errors.New("the address cannot be read")
	}
	request.Header.Set("Accept", "application/json, */*;q=0.5")
	response, err := p.outgoing.Do(request)
	if err != nil {
		return nil, "", withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("answers %d", response.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, most+1))
	if err == nil && int64(len(body)) > most {
		err = fmt.Errorf("answers with more than %d bytes", most)
	}
	return body, response.Header.Get("Content-Type"), err
}

// fetch is fetchTyped for what is read by no type.
func (p *Provider) fetch(ctx context.Context, uri string, most int64) ([]byte, error) {
	body, _, err := p.fetchTyped(ctx, uri, most)
	return body, err
}

// withoutURL leaves the address out of what net/http says of a request.
func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}
