//go:build race

package web

import "time"

// patience is longer under the race detector, where the hashes of ten recovery codes alone take seconds of a core.
const patience = 90 * time.Second
