package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// asked are members that the command line asks for, or reads from a file: no argument has them, which everybody on the machine could see.
var asked = []string{"password", "password_hash", "client_secret"}

// Flag returns the name of the flag that sets a member on the command line, where its tag name says no other.
func Flag(member string) string {
	switch member {
	case "grant_types", "response_types", "redirect_uris", "post_logout_redirect_uris", "groups", "scopes": // flags that may be repeated
		member = strings.TrimSuffix(member, "s")
	}
	return "--" + strings.ReplaceAll(member, "_", "-")
}

// Command returns the command line that does the same as the operation with an input.
func (o Operation) Command(in any) string {
	words := []string{"gatehouse", strings.TrimSuffix(o.Name, "-hub")} // a Hub is client add with a template
	var flags []string
	row := reflect.ValueOf(in)
	inAddress := membersInPath(o)
	for _, m := range membersOf(o.In) {
		value := row.FieldByIndex(m.index)
		_, isArgument := m.field.Tag.Lookup("arg")
		switch {
		case slices.Contains(asked, m.name):
		case isArgument || slices.Contains(inAddress, m.name) || m.name == "username" || m.name == "client_id":
			words = append(words, texts(value)...)
		default:
			flags = append(flags, flagsOf(m, value)...)
		}
	}
	for i := 2; i < len(words); i++ {
		words[i] = shellWord(words[i])
	}
	return strings.Join(append(words, flags...), " ")
}

func flagsOf(m inputMember, value reflect.Value) (flags []string) {
	name := Flag(m.name)
	if tag := m.field.Tag.Get("name"); tag != "" {
		name = "--" + tag
	}
	cleared := false
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return nil
		}
		value = value.Elem()
		cleared = value.Kind() != reflect.Bool && value.IsZero()
	}
	switch {
	case cleared:
		return []string{name + " ''"}
	case value.Kind() == reflect.Bool && value.Bool():
		return []string{name}
	case value.Kind() == reflect.Bool && m.field.Type.Kind() == reflect.Pointer:
		return []string{"--no-" + strings.TrimPrefix(name, "--")}
	case value.IsZero():
		return nil
	}
	for _, text := range texts(value) {
		flags = append(flags, name+" "+shellWord(text))
	}
	return flags
}

// texts returns what the command line is given for a value, for each of a list.
func texts(value reflect.Value) []string {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return nil
		}
		value = value.Elem()
	}
	switch v := value.Interface().(type) {
	case time.Time:
		return []string{v.Format(time.RFC3339)}
	case json.RawMessage:
		return []string{string(v)}
	case []string:
		return v
	case map[string]string:
		var list []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = append(list, key+"="+v[key])
		}
		return list
	case string:
		if v == "" {
			return nil
		}
	}
	return []string{fmt.Sprint(value.Interface())}
}
