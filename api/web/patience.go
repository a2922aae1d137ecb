//go:build !race

package web

import "time"

// patience bounds what an answer may wait for Postgres and for the password queue.
const patience = 10 * time.Second
