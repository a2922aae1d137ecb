package oidc

import "strings"

// Where a row lacks something, the log has the SQL that changes it, as it would be run.

// sqlLiteral quotes s for Postgres with standard_conforming_strings.
func sqlLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// sqlSet returns the statement that gives a column of the client's row this value, which is SQL.
func (c *Client) sqlSet(column, value string) string {
	return "UPDATE clients SET " + column + " = " + value + " WHERE client_id = " + sqlLiteral(c.ClientID)
}

// sqlAppend returns the statement that adds value to a list of the client's row: array_append, since Postgres takes a literal beside ||
// for a whole array.
func (c *Client) sqlAppend(column, value string) string {
	return c.sqlSet(column, "array_append("+column+", "+sqlLiteral(value)+")")
}
