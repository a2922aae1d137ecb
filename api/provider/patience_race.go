//go:build race

package provider

import "time"

// Patience is longer under the race detector, where the hashes of ten recovery codes alone take seconds of a core.
const Patience = 90 * time.Second
