package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"gatehouse/api/oidc"
)

// Each function here returns the parser of one kind of value. Its error completes the sentence that starts with the variable's
// name, and never repeats a secret.

type parser = func(c *Config, value string) error

// origin accepts what a browser would send as Origin, so that the two can be compared as strings (RFC 6454 §6.1).
func origin(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return fmt.Errorf("must be an origin such as https://api.example.org, not %q", value)
		}
		canonical := u.Scheme + "://" + canonicalHost(u)
		switch {
		case value != canonical:
			return fmt.Errorf("must be an origin, without path, user name or default port and in lower case: write %s", canonical)
		case !hostname.MatchString(u.Hostname()) && net.ParseIP(u.Hostname()) == nil:
			return fmt.Errorf("has a host name that is not one: %q", u.Hostname())
		case u.Scheme == "http" && !oidc.IsLoopback(u.Hostname()):
			return fmt.Errorf("must begin with https://, since %s is not localhost", u.Hostname())
		}
		*field(c) = value
		return nil
	}
}

var hostname = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// host accepts the name of one, as browsers write it.
func host(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		if !hostname.MatchString(value) || net.ParseIP(value) != nil {
			return fmt.Errorf("must be the name of a host such as login.example.org, in lower case, without https:// and port, not %q", value)
		}
		*field(c) = value
		return nil
	}
}

func canonicalHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "" || (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
	}
	return host
}

func database(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		if !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") &&
			(strings.Contains(value, "://") || !strings.Contains(value, "=")) {
			return errors.New("must be a Postgres connection string such as postgres://user:password@host:5432/gatehouse")
		}
		*field(c) = value
		return nil
	}
}

func databaseOrPoll(c *Config, value string) error {
	if value == Poll {
		c.DatabaseListenURL = Poll
		return nil
	}
	return database(func(c *Config) *string { return &c.DatabaseListenURL })(c, value)
}

func encryptionKeys(c *Config, value string) error {
	for i, word := range strings.Fields(value) {
		key, ok := key32(word)
		if !ok {
			return fmt.Errorf("has a key, number %d, that is not 32 bytes in base64 or 64 hex digits: openssl rand -base64 32 makes one", i+1)
		}
		c.EncryptionKeys = append(c.EncryptionKeys, key)
	}
	return nil
}

func key32(word string) (key [32]byte, ok bool) {
	raw, err := hex.DecodeString(word)
	if err != nil || len(raw) != 32 {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
		raw, err = base64.RawStdEncoding.DecodeString(word)
	}
	if err != nil || len(raw) != 32 {
		return key, false
	}
	return [32]byte(raw), true
}

func address(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		_, port, err := net.SplitHostPort(value)
		if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
			return fmt.Errorf("must be an address and a port such as 127.0.0.1:4000 or :4000, not %q", value)
		}
		*field(c) = value
		return nil
	}
}

func text(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

func file(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		f, err := os.Open(value)
		if err != nil {
			return fmt.Errorf("cannot be read: %w", err)
		}
		*field(c) = value
		return f.Close()
	}
}

func proxies(c *Config, value string) error {
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for _, word := range words {
		prefix, err := netip.ParsePrefix(word)
		if addr, addrErr := netip.ParseAddr(word); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("must be addresses or networks such as 10.0.0.0/8, separated by commas; %q is none", word)
		}
		c.TrustedProxies = append(c.TrustedProxies, unmapped(prefix).Masked())
	}
	return nil
}

// unmapped returns networks of IPv4 in IPv6 (::ffff:0:0/96) as what they are: addresses are compared so.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// token matches the name of a header (RFC 9110 §5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$")

func headerName(c *Config, value string) error {
	if !token.MatchString(value) {
		return fmt.Errorf("must be the name of a header, such as X-Forwarded-For, not %q", value)
	}
	c.ForwardedHeader = textproto.CanonicalMIMEHeaderKey(value)
	return nil
}

// hostName matches what may stand in a URL between :// and the port.
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*)$`)

func privateHosts(c *Config, value string) error {
	for _, word := range strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		if !hostName.MatchString(word) {
			return fmt.Errorf("must be hosts without scheme and port, such as hub.internal, separated by commas; %q is none", word)
		}
		c.PrivateHosts = append(c.PrivateHosts, word)
	}
	return nil
}

func responseTypes(c *Config, value string) error {
	for name := range strings.SplitSeq(value, ",") {
		t := oidc.ParseResponseType(name)
		switch {
		case t == "":
			return fmt.Errorf("must be some of %s, separated by commas; %q is none", oidc.JoinResponseTypes(oidc.ResponseTypes, ", "),
				strings.TrimSpace(name))
		case !slices.Contains(c.ResponseTypes, t):
			c.ResponseTypes = append(c.ResponseTypes, t)
		}
	}
	if !slices.Contains(c.ResponseTypes, oidc.ResponseCode) {
		return fmt.Errorf("must have code, without which no current client signs in: write code,%s", value)
	}
	return nil
}

func oneOf(field func(*Config) *string, words ...string) parser {
	return func(c *Config, value string) error {
		if !slices.Contains(words, value) {
			return fmt.Errorf("must be one of %s, not %q", strings.Join(words, ", "), value)
		}
		*field(c) = value
		return nil
	}
}

func onOrOff(field func(*Config) *bool) parser {
	return func(c *Config, value string) error {
		if value != "on" && value != "off" {
			return fmt.Errorf("must be on or off, not %q", value)
		}
		*field(c) = value == "on"
		return nil
	}
}

func logLevel(c *Config, value string) error {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, ok := levels[value]
	if !ok {
		return fmt.Errorf("must be debug, info, warn or error, not %q", value)
	}
	c.LogLevel = level
	return nil
}

func duration(field func(*Config) *time.Duration, low, high time.Duration) parser {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return fmt.Errorf("must be a duration such as 60s, 15m or 24h, not %q", value)
		case d < low || d > high:
			return fmt.Errorf("must be from %s to %s, not %s", low, high, value)
		}
		*field(c) = d
		return nil
	}
}

func number(field func(*Config) *int, low, high int) parser {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return fmt.Errorf("must be a number from %d to %d, not %q", low, high, value)
		}
		*field(c) = n
		return nil
	}
}

// collector takes where traces are sent; path is what the value is without.
func collector(path string) parser {
	return func(c *Config, value string) error {
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" ||
			u.Fragment != "" {
			return fmt.Errorf("must be an address such as http://127.0.0.1:4318, not %q", value)
		}
		c.TracesEndpoint = strings.TrimSuffix(value, "/") + path
		return nil
	}
}
