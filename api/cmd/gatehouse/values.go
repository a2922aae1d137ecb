package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
)

// mappers are how flags of an operation's input are read whose types kong does not know, and what groups of flags are called. "" clears
// what it is given for.
func (a *app) mappers() []kong.Option {
	var groups []kong.Group
	for key, title := range admin.FlagGroups {
		groups = append(groups, kong.Group{Key: key, Title: title})
	}
	return []kong.Option{
		kong.ExplicitGroups(groups),
		kong.TypeMapper(reflect.TypeFor[json.RawMessage](), kong.MapperFunc(a.readJSON)),
		kong.TypeMapper(reflect.TypeFor[*json.RawMessage](), kong.MapperFunc(a.readJSON)),
		kong.TypeMapper(reflect.TypeFor[*time.Time](), kong.MapperFunc(readTime)),
		kong.TypeMapper(reflect.TypeFor[**int](), kong.MapperFunc(readNumber)),
		kong.TypeMapper(reflect.TypeFor[*[]string](), kong.MapperFunc(readList)),
		kong.TypeMapper(reflect.TypeFor[*map[string]string](), kong.MapperFunc(readPairs)),
	}
}

const maxJSON = 64 // KiB

// readJSON reads a value that is JSON, or else the name of a file with it; - is standard input.
func (a *app) readJSON(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("JSON", &text); err != nil {
		return err
	}
	value := []byte(text)
	if text != "" && text[0] != '{' {
		var err error
		if value, err = a.readFile(text, maxJSON); err != nil {
			return err
		}
		if !json.Valid(value) {
			return fmt.Errorf("%s is not JSON", text)
		}
	}
	put(target, json.RawMessage(bytes.TrimSpace(value)))
	return nil
}

// put sets a value, or a pointer to one.
func put[T any](target reflect.Value, value T) {
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.ValueOf(&value))
		return
	}
	target.Set(reflect.ValueOf(value))
}

// readTime reads a day, which begins at midnight UTC, or a time: of RFC 3339, or what clocks show, with their zone behind it or in UTC.
func readTime(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("date", &text); err != nil {
		return err
	}
	if text == "" {
		put(target, time.Time{})
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			put(target, at)
			return nil
		}
	}
	at, err := readClock(text)
	put(target, at)
	return err
}

// clock is how clocks are written: the day and the time.
const clock = "2006-01-02 15:04"

// readClock reads what clocks show, such as 2027-03-03 18:00 Europe/Vienna. Where clocks are put forward or back, there are times that do
// not come, and times that come twice: which is meant only an offset says.
func readClock(text string) (time.Time, error) {
	shown, zone := text, "UTC"
	if len(text) > len(clock)+1 && text[len(clock)] == ' ' {
		shown, zone = text[:len(clock)], text[len(clock)+1:]
	}
	if _, err := time.Parse(clock, shown); err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a date, such as 2027-03-01, nor a time, such as 2027-03-01T18:00:00+01:00 or "+
			"'2027-03-01 18:00 Europe/Vienna'", text)
	}
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return time.Time{}, fmt.Errorf("%q is no time zone: write one such as Europe/Vienna, or an offset, such as "+
			"2027-03-01T18:00:00+01:00", zone)
	}
	at, err := time.ParseInLocation(clock, shown, place)
	switch {
	case err != nil:
		return at, err
	case at.Format(clock) != shown:
		return at, fmt.Errorf("there is no %s in %s: clocks are put forward then", shown, zone)
	}
	for _, other := range []time.Duration{-time.Hour, time.Hour, -30 * time.Minute, 30 * time.Minute} {
		if at.Add(other).Format(clock) == shown {
			return at, fmt.Errorf("%s comes twice in %s, as clocks are put back: write it with an offset, such as %s", shown, zone,
				at.Format(time.RFC3339))
		}
	}
	return at, nil
}

// readNumber reads a number, or that there is none.
func readNumber(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("number", &text); err != nil {
		return err
	}
	var number *int
	if text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no number", text)
		}
		number = &n
	}
	put(target, number)
	return nil
}

// readList reads one more of a list.
func readList(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("text", &text); err != nil {
		return err
	}
	list := []string{}
	if former := target.Interface().(*[]string); former != nil {
		list = *former
	}
	if text != "" {
		list = append(list, text)
	}
	target.Set(reflect.ValueOf(&list))
	return nil
}

// readPairs reads one more NAME=VALUE.
func readPairs(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("NAME=VALUE", &text); err != nil {
		return err
	}
	pairs := map[string]string{}
	if former := target.Interface().(*map[string]string); former != nil && *former != nil {
		pairs = *former
	}
	if text != "" {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=VALUE", text)
		}
		pairs[name] = value
	}
	target.Set(reflect.ValueOf(&pairs))
	return nil
}
