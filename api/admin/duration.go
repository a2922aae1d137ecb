package admin

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time that is written in days, or in hours, minutes and seconds as time.ParseDuration has them: 7d, 24h, 1d12h. It is never
// negative.
type Duration time.Duration

const day, maxDays = 24 * time.Hour, 36_500

// UnmarshalText reads a duration. The command line and JSON call it.
func (d *Duration) UnmarshalText(text []byte) error {
	days, rest := 0, string(text)
	before, after, found := strings.Cut(rest, "d")
	var errDays, err error
	if found {
		days, errDays = strconv.Atoi(before)
		rest = after
	}
	var clock time.Duration
	if rest != "" || !found {
		clock, err = time.ParseDuration(rest)
	}
	if errDays != nil || err != nil || days < 0 || days > maxDays || clock < 0 || clock > maxDays*day {
		return fmt.Errorf("%.40q is no duration: write 7d, 24h or 90m", text)
	}
	*d = Duration(time.Duration(days)*day + clock)
	return nil
}

// MarshalText writes a duration as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Duration) String() string {
	if t := time.Duration(d); t > 0 && t%day == 0 {
		return strconv.Itoa(int(t/day)) + "d"
	}
	return time.Duration(d).String()
}

// inDays returns a duration of whole days as Postgres and people read it, such as 365d; "" of none.
func inDays(name string, d Duration) (string, error) {
	switch {
	case d == 0:
		return "", nil
	case time.Duration(d)%day != 0:
		return "", invalid("%s must be whole days, such as 365d", member(name))
	}
	return d.String(), nil
}

// orNil returns a time, or nil where it is zero.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
