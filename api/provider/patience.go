//go:build !race

package provider

import "time"

// Patience bounds what an answer may wait for Postgres and for the password queue.
const Patience = 10 * time.Second
