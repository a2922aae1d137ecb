package oidc

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What the log offers to an administrator who wants to allow what was refused. Each is one whole statement for a value that the
// tables take; for any other nothing is offered but the reason.

// toAllow returns how to have the tables allow what problem says nothing against.
func toAllow(what, problem, statement string) string {
	if problem != "" {
		return "it cannot be registered: it " + problem
	}
	return what + ": " + statement
}

// sqlSet returns the statement that sets a column of the client's row to this value, which is SQL.
func (c *Client) sqlSet(column, value string) string {
	return "UPDATE clients SET " + column + " = " + value + " WHERE client_id = " + sqlLiteral(c.ClientID)
}

// sqlAppend returns the statement that adds value to a list of the client's row: array_append, since Postgres takes a literal beside ||
// for a whole array.
func (c *Client) sqlAppend(column, value string) string {
	return c.sqlSet(column, "array_append("+column+", "+sqlLiteral(value)+")")
}

// sqlLiteral quotes s for Postgres, whatever its standard_conforming_strings.
func sqlLiteral(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// schemeOfOthers matches URIs on which browsers or other programs act, as check_uris in the migrations has them.
var schemeOfOthers = regexp.MustCompile(`^(http[^.:]*|about|blob|cid|content|data|feed|file|filesystem|ftps?|geo|imap|intent|jar` +
	`|javascript|ldaps?|livescript|mailto|mhtml|mid|mocha|news|nntp|res|resource|sftp|shell|sips?|sms|smsto|ssh|tel|telnet|urn` +
	`|vbscript|view-source|wss?):`)

// rowProblem returns what keeps uri out of a client's row also for an administrator, or "".
func rowProblem(uri string) string {
	for _, rule := range uriRules {
		if (rule.also == ofAll || rule.also == ofHTTP && !isPrivateUse(uri)) && rule.breaks(uri) {
			return rule.reason
		}
	}
	if strings.ContainsFunc(uri, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "must have no white space"
	}
	if isPrivateUse(uri) && schemeOfOthers.MatchString(uri) {
		return "must have a scheme of the application"
	}
	return ""
}

var identifier = regexp.MustCompile(`^[!-~]{1,255}$`) // of clients.audiences, resources and exchange_policies

// identifierProblem returns what keeps a service out of the tables, or "".
func identifierProblem(service string) string {
	if !identifier.MatchString(service) {
		return "must be 1 to 255 printable ASCII characters"
	}
	return ""
}

// explainResource returns, for the log, how to let the client ask for a resource.
func (c *Client) explainResource(value string) string {
	problem := identifierProblem(value)
	if row := c.resource(value); row.disabled() {
		return toAllow("to open it again", problem, "UPDATE resources SET disabled_at = NULL WHERE identifier = "+sqlLiteral(row.Identifier))
	}
	if c.Registration == "" {
		return toAllow("to allow it", problem, c.sqlAppend("audiences", value))
	}
	if strings.Contains(value, "#") {
		problem = cmp.Or(problem, "must have no fragment")
	}
	return toAllow("to open it to clients that register themselves", problem, "INSERT INTO resources (identifier, open_to) VALUES ("+
		sqlLiteral(value)+", 'registered') ON CONFLICT (identifier) DO UPDATE SET open_to = 'registered'")
}

// ExplainPolicy returns, for the log, how to add the row that is missing for an exchange of the subject token, for the scope asked for;
// "" is all that it has.
func ExplainPolicy(c *Client, audience string, subject *AccessTokenClaims, asked string) string {
	var scope []string
	for word := range strings.FieldsSeq(cmp.Or(asked, subject.Scope)) {
		if HasScope(subject.Scope, word) && !slices.Contains(scope, word) {
			scope = append(scope, word)
		}
	}
	return toAllow("to allow it", identifierProblem(audience), "INSERT INTO exchange_policies (client_id, audience, scope) VALUES ("+
		sqlLiteral(c.ClientID)+", "+sqlLiteral(audience)+", "+sqlLiteral(strings.Join(scope, " "))+")")
}

var upstreamName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// explainUpstream returns, for the log, how to let the client have tokens of an upstream.
func (c *Client) explainUpstream(name string) string {
	problem := ""
	if !upstreamName.MatchString(name) {
		problem = "is no name of an upstream"
	}
	return toAllow("to allow it", problem, c.sqlAppend("allowed_upstreams", name))
}

// clip returns what somebody sent, short enough for a sentence.
func clip(s string) string {
	const most = 200 // bytes
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
