// Package migrations holds the schema, embedded so that the one binary can apply it.
package migrations

import "embed"

// FS has the product's migrations at its root and the demo rows in dev.
//
//go:embed *.sql dev/*.sql
var FS embed.FS
