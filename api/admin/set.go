package admin

import (
	"reflect"
	"strings"

	"gatehouse/api/store"
)

// changesOf returns the columns that an input changes: of its members that are pointers, those that are there, by their names in JSON.
// new_username is a new username.
func changesOf(in any) store.Columns {
	changes, row := store.Columns{}, reflect.ValueOf(in)
	for _, f := range reflect.VisibleFields(row.Type()) {
		if f.Anonymous || f.Type.Kind() != reflect.Pointer {
			continue
		}
		if value := row.FieldByIndex(f.Index); !value.IsNil() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			changes[strings.TrimPrefix(name, "new_")] = value.Elem().Interface()
		}
	}
	return changes
}
