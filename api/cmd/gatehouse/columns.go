package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"gatehouse/api/admin"
)

// columns are what is shown of the rows of operations that list some: members of the rows, by their names in JSON.
var columns = map[string]string{
	"user retired-names":          "name person sub created_at retired_at",
	"user grants":                 "id client_id scope offline created_at refreshed_at expires_at",
	"client consents":             "username scopes resources granted_at",
	"client exchange-policy list": "audience scope subject_audience impersonation created_at",
	"mail list":                   "id created_at template username recipient state attempts next_attempt_at last_error",
	"invitation list":             "id email groups uses_left used expires_at created_by",
	"workshop list":               "name group seats seats_left until closed_at client_id created_by",
	"workshop report":             "username name state joined_at last_sign_in_at home adopted_by",
	"terms list":                  "name version in_force_from ended_at groups clients sign_again_after accepted",
	"terms report":                "username name email version accepted_at",
	"sign-up list":                "id email name reason groups waits_since decided_by approved",
	"sign-up domain list":         "domain approval groups created_at",
	"session list":                "sid username auth_time seen_at amr addr user_agent",
	"acr-value list":              "value position factors phishing_resistant hardware_protected",
}

// list prints the rows of an operation that lists some, as a table or as JSON.
func (a *app) list(ctx context.Context, adm *admin.Admin, o admin.Operation, in any, shown []string) error {
	head := make([]string, len(shown))
	for i, name := range shown {
		head[i] = strings.ToUpper(name)
	}
	return printList(a, rowsOf(ctx, adm, o, in), head, func(row any) []string {
		members := membersOf(row)
		cells := make([]string, len(shown))
		for i, name := range shown {
			cells[i] = cell(members[name])
		}
		return cells
	})
}

// rowsOf returns the rows of an operation, page after page if it has pages.
func rowsOf(ctx context.Context, adm *admin.Admin, o admin.Operation, in any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		given := reflect.New(o.In).Elem()
		given.Set(reflect.ValueOf(in))
		for {
			if p := given.FieldByName("Paging"); p.IsValid() {
				p.FieldByName("Limit").SetInt(pageRows)
			}
			out, err := o.Run(ctx, adm, given.Interface())
			if err != nil {
				yield(nil, err)
				return
			}
			read := reflect.ValueOf(out)
			rows := read
			if read.Kind() == reflect.Struct {
				rows = read.FieldByName("Items")
			}
			for i := range rows.Len() {
				if !yield(rows.Index(i).Interface(), nil) {
					return
				}
			}
			if read.Kind() != reflect.Struct || read.FieldByName("Next").String() == "" {
				return
			}
			given.FieldByName("Paging").FieldByName("After").Set(read.FieldByName("Next"))
		}
	}
}

// membersOf returns a row as JSON has it.
func membersOf(row any) (members map[string]any) {
	text, err := json.Marshal(row)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		err = d.Decode(&members)
	}
	if err != nil {
		panic(err) // a row that is no object
	}
	return members
}

// cell is how a value is shown in a table: a time without fractions of a second, and a list by its words.
func cell(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		return strings.Join(slices.Collect(func(yield func(string) bool) {
			for _, item := range v {
				if !yield(cell(item)) {
					return
				}
			}
		}), " ")
	}
	return fmt.Sprint(value)
}
