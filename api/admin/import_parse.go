package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParseRegistrations reads clients as RFC 7591 and other providers write them: an array, one client, or an object with the
// array in it. The warnings are of what was left out or is called otherwise here; the error has a line for each client that is
// wrong, counted from 1.
func ParseRegistrations(text []byte) (in ImportClients, warnings []Warning, err error) {
	list, err := listOfClients(bytes.TrimSpace(text))
	if err != nil {
		return in, nil, err
	}
	var problems []error
	for i, item := range list {
		r, said, err := parseRegistration(item)
		known := func(other Registration) bool { return other.ClientID == r.ClientID }
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("client %d%w", i+1, err))
			continue
		case slices.ContainsFunc(in.Clients, known):
			problems = append(problems, fmt.Errorf("client_id %q is there twice", r.ClientID))
			continue
		case r.ClientID != "":
			in.Clients = append(in.Clients, r.Registration)
		}
		for _, text := range said {
			warnings = append(warnings, Warning{cmp.Or(r.ClientID, r.leftOut), text})
		}
	}
	return in, warnings, errors.Join(problems...)
}

// arrays are the members that have the array of clients: of a realm of Keycloak and of Authelia's configuration, of Dex's,
// of what Hydra lists.
var arrays = []string{"clients", "staticClients", "items", "identity_providers", "oidc"}

func listOfClients(text []byte) ([]json.RawMessage, error) {
	if bytes.HasPrefix(text, []byte("[")) {
		var list []json.RawMessage
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, fmt.Errorf("this is not JSON: %w", err)
		}
		return list, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) == nil && object["client_id"] == nil && object["clientId"] == nil {
		for _, name := range arrays {
			if inner := bytes.TrimSpace(object[name]); bytes.HasPrefix(inner, []byte("[")) || bytes.HasPrefix(inner, []byte("{")) {
				return listOfClients(inner)
			}
		}
	}
	return []json.RawMessage{text}, nil
}

// parsed is a client that was read. One that is not to be registered has no ClientID, and its own in leftOut.
type parsed struct {
	Registration
	leftOut string
}

func parseRegistration(text json.RawMessage) (r parsed, warnings []string, err error) {
	var wrongType *json.UnmarshalTypeError
	f := foreign{}
	err = json.Unmarshal(text, &f.members)
	if err == nil && f.members == nil {
		err = &json.UnmarshalTypeError{Value: "null"}
	}
	if err == nil {
		err = f.translate()
	}
	if err == nil && f.leftOut == "" {
		exact, _ := json.Marshal(f.members) // it was JSON before
		err = json.Unmarshal(exact, &r.Registration)
	}
	r.leftOut = f.leftOut
	switch {
	case errors.As(err, &wrongType):
		field := wrongType.Field[strings.LastIndex(wrongType.Field, ".")+1:] // Go's path goes by the embedded structs
		err = fmt.Errorf(": %s must not be a %s", cmp.Or(field, "a client"), wrongType.Value)
	case err != nil:
		err = fmt.Errorf(" is not JSON: %w", err)
	case r.ClientID == "" && r.leftOut == "":
		err = errors.New(" has no client_id")
	}
	return r, f.warnings, err
}
