package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// The parsers of what the pages look like.

func displayName(c *Config, value string) error {
	if len([]rune(value)) > 100 || strings.ContainsFunc(value, unicode.IsControl) {
		return errors.New("must be at most 100 characters without line breaks")
	}
	c.Name = value
	return nil
}

func logo(field func(*Config) *string) parser {
	return func(c *Config, value string) error {
		if !isPathOfUI(value) && !isHTTPS(value) {
			return fmt.Errorf("must be a path such as /logo.svg or an https URL, not %q", value)
		}
		*field(c) = value
		return nil
	}
}

func isPathOfUI(value string) bool {
	_, err := url.Parse(value)
	return err == nil && strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") && !strings.ContainsAny(value, "\\ ")
}

func isHTTPS(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Scheme == "https" && u.Host != "" && !strings.Contains(value, " ")
}

// maxLinks keeps the line below a page a line.
const maxLinks = 8

// links reads "Help=https://… Data protection=/privacy.html": an address has no space, so that a text may.
func links(c *Config, value string) error {
	var list []Link
	var text []string
	for _, word := range strings.Fields(value) {
		last, href, found := strings.Cut(word, "=")
		text = append(text, last)
		if !found {
			continue
		}
		link := Link{strings.TrimSpace(strings.Join(text, " ")), mailto(href)}
		if link.Text == "" || len([]rune(link.Text)) > 40 || strings.ContainsFunc(link.Text, unicode.IsControl) {
			return fmt.Errorf("must have 1 to 40 characters before each =, as in Help=https://help.example.org; %q does not", word)
		}
		if !isPathOfUI(link.Href) && !isHTTPS(link.Href) && !isMail(link.Href) {
			return fmt.Errorf("must lead to https URLs, mail addresses or paths such as /privacy.html; %q is none", href)
		}
		list, text = append(list, link), nil
	}
	if len(text) > 0 || len(list) > maxLinks {
		return fmt.Errorf("must be at most %d links such as Help=https://help.example.org, separated by spaces", maxLinks)
	}
	c.Links = list
	return nil
}

func support(c *Config, value string) error {
	href := mailto(value)
	if !isMail(href) && !isHTTPS(href) {
		return fmt.Errorf("must be a mail address such as help@example.org or an https URL, not %q", value)
	}
	c.Support = href
	return nil
}

var mailAddress = regexp.MustCompile(`^(mailto:)?[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// mailto returns the address of a mail to value, where value is a mail address; else value.
func mailto(value string) string {
	if mailAddress.MatchString(value) && !strings.HasPrefix(value, "mailto:") {
		return "mailto:" + value
	}
	return value
}

func isMail(value string) bool {
	return mailAddress.MatchString(value) && strings.HasPrefix(value, "mailto:")
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func accent(c *Config, value string) error {
	if !colour.MatchString(value) {
		return fmt.Errorf("must be a colour such as #0b57d0, not %q", value)
	}
	c.Accent = value
	return nil
}
