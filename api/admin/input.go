package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// inputMember is a member of an operation's input or result: a field by its name in JSON.
type inputMember struct {
	name     string
	field    reflect.StructField
	index    []int
	optional bool // omitempty, or a pointer
}

// membersOf returns the members of a struct, those of embedded ones included.
func membersOf(t reflect.Type) (list []inputMember) {
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") || f.Type.Kind() == reflect.Pointer
		list = append(list, inputMember{name, f, f.Index, optional})
	}
	return list
}

// shownOnly is an input that has members which it shares with what is shown, and does not take.
type shownOnly interface{ shownOnly() []string }

// takes returns the members that the input takes.
func (o Operation) takes() []inputMember {
	list := membersOf(o.In)
	if in, ok := reflect.Zero(o.In).Interface().(shownOnly); ok {
		list = slices.DeleteFunc(list, func(m inputMember) bool { return slices.Contains(in.shownOnly(), m.name) })
	}
	return list
}

func memberNamed(list []inputMember, name string) (m inputMember, found bool) {
	i := slices.IndexFunc(list, func(m inputMember) bool { return m.name == name })
	if i < 0 {
		return m, false
	}
	return list[i], true
}

// Method and Segments are those of the operation's path; a segment such as {username} is that member of the input.
func (o Operation) Method() string {
	method, _, _ := strings.Cut(o.Path, " ")
	return method
}

// Segments returns the parts of the path.
func (o Operation) Segments() []string {
	_, path, _ := strings.Cut(o.Path, " ")
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// Noun returns what the operation is about, by which scopes are named.
func (o Operation) Noun() string {
	switch noun := o.Segments()[0]; noun {
	case "personal-access-tokens", "retired-names", "invitations", "sign-up-requests":
		return "users"
	case "workshops":
		return "groups"
	case "initial-access-tokens":
		return "clients"
	case "terms":
		return "groups"
	default:
		return noun
	}
}

// Writes reports whether the operation changes anything.
func (o Operation) Writes() bool { return o.Method() != "GET" }

// inBody reports whether members that are not in the path are in a JSON body rather than the query.
func (o Operation) inBody() bool { return o.Method() == "POST" || o.Method() == "PATCH" }

func inPath(segment string) (member string, is bool) {
	if inner, found := strings.CutPrefix(segment, "{"); found {
		return strings.TrimSuffix(inner, "}"), true
	}
	return "", false
}

// Find returns the operation of a method and of the segments of a path, unescaped, with the members that they name. Of two that fit, the
// one with fewer members counts. Where there is none, allowed are the methods that the path has.
func Find(method string, segments []string) (found Operation, named map[string]string, allowed []string) {
	for _, o := range operations {
		values, fits := o.match(segments)
		switch {
		case o.Path == "" || !fits:
		case o.Method() != method:
			allowed = append(allowed, o.Method())
		case found.Path == "" || len(values) < len(named):
			found, named = o, values
		}
	}
	return found, named, allowed
}

func (o Operation) match(segments []string) (values map[string]string, fits bool) {
	own := o.Segments()
	if len(own) != len(segments) {
		return nil, false
	}
	values = map[string]string{}
	for i, segment := range own {
		if member, is := inPath(segment); is && segments[i] != "" {
			values[member] = segments[i]
		} else if segment != segments[i] {
			return nil, false
		}
	}
	return values, true
}

// Input returns the input of a request: named are its members in the path. Those in the query of a GET or DELETE, or in the JSON body,
// have to be of the input, each once. In a PATCH, null clears. Errors: Invalid.
func (o Operation) Input(named map[string]string, query url.Values, body []byte) (any, error) {
	in := reflect.New(o.In)
	members := o.takes()
	other := func(name string) error { // of what is not in the path
		_, taken := named[name]
		if _, known := memberNamed(members, name); !known || taken {
			return invalid("there is no member %q here", name)
		}
		return nil
	}
	switch {
	case o.inBody():
		if err := readBody(body, in, members, o.Method() == "PATCH", other); err != nil {
			return nil, err
		}
	case len(body) > 0:
		return nil, invalid("a %s has no body", o.Method())
	}
	for name, values := range query {
		if o.inBody() {
			return nil, invalid("%q belongs into the body", name)
		}
		if err := other(name); err != nil {
			return nil, err
		}
		m, _ := memberNamed(members, name)
		if err := setText(in.Elem().FieldByIndex(m.index), values); err != nil {
			return nil, invalid("%s %v", member(name), err)
		}
	}
	for name, value := range named {
		m, known := memberNamed(members, name)
		if !known {
			return nil, fmt.Errorf("%s: its path names %s, which is no member", o.Name, name)
		}
		if err := setText(in.Elem().FieldByIndex(m.index), []string{value}); err != nil {
			return nil, invalid("%s %v", member(name), err)
		}
	}
	return in.Elem().Interface(), nil
}

// readBody reads an object that has members which other allows, each once.
func readBody(body []byte, in reflect.Value, members []inputMember, clears bool, other func(name string) error) error {
	if len(body) == 0 {
		return nil
	}
	object, err := membersIn(body, other)
	if err != nil {
		return err
	}
	var cleared []reflect.Value
	for name, value := range object {
		if string(value) != "null" {
			continue
		}
		delete(object, name) // as if it were not there, unless null says something
		m, _ := memberNamed(members, name)
		switch field := in.Elem().FieldByIndex(m.index); {
		case !clears:
		case m.field.Type.Kind() != reflect.Pointer || m.field.Type.Elem().Kind() == reflect.Bool || m.field.Type.Elem().Kind() == reflect.Int:
			return invalid("%s cannot be null", member(name))
		default:
			cleared = append(cleared, field)
		}
	}
	text, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(text, in.Interface())
	}
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typed):
		return invalid("%s must be %s, not %s", member(typed.Field), words(typed.Type), typed.Value)
	case err != nil:
		return invalid("the body: %v", err)
	}
	for _, field := range cleared {
		field.Set(reflect.New(field.Type().Elem()))
	}
	return nil
}

// membersIn returns the members of a JSON object.
func membersIn(body []byte, other func(name string) error) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	object := map[string]json.RawMessage{}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, invalid("the body must be a JSON object")
	}
	for d.More() {
		token, err := d.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		switch _, twice := object[name]; {
		case err != nil:
			return nil, invalid("the body is no JSON: %v", err)
		case twice:
			return nil, invalid("%s is there twice", member(name))
		}
		if err := other(name); err != nil {
			return nil, err
		}
		object[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, invalid("the body is no JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid("something follows the JSON object of the body")
	}
	return object, nil
}

func words(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a number"
}

// setText sets a field from texts, which are in an address.
func setText(field reflect.Value, texts []string) error {
	if field.Type() == reflect.TypeFor[[]string]() {
		field.Set(reflect.ValueOf(texts))
		return nil
	}
	if len(texts) != 1 {
		return errors.New("is there twice")
	}
	text := texts[0]
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch {
	case field.Type() == reflect.TypeFor[time.Time]():
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return errors.New("must be a time, such as 2027-03-01T00:00:00Z")
		}
		field.Set(reflect.ValueOf(at))
	case field.Kind() == reflect.String:
		field.SetString(text)
	case field.Kind() == reflect.Bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		field.SetBool(value)
	case field.CanInt():
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil || field.OverflowInt(value) {
			return errors.New("must be a number")
		}
		field.SetInt(value)
	default:
		return errors.New("cannot be in an address")
	}
	return nil
}
