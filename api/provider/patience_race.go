//go:build race

package provider

import "time"

// Patience is longer under the race detector, where all takes several times as long.
const Patience = 90 * time.Second
