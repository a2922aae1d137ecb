package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// SetClient is the input of "client set", a struct that is made of oidc.Client: the client_id, new_client_id, and a pointer for each column
// that an administrator changes. What is nil stays as it is, and what is empty is cleared. Lists have add_ and remove_ before their names,
// too, where one of them is what most changes are about.
var SetClient = setClientType()

// setClientType makes SetClient.
func setClientType() reflect.Type {
	fields := []reflect.StructField{
		{Name: "ClientID", Type: reflect.TypeFor[string](), Tag: `json:"client_id" arg:"" name:"id"`},
		{Name: "NewClientID", Type: reflect.TypeFor[*string](),
			Tag: `json:"new_client_id,omitempty" placeholder:"ID" help:"Another client_id, which the application has to use at once."`},
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[oidc.Client]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		words, ok := clientWords[name]
		if f.Anonymous || !ok {
			continue
		}
		t := f.Type
		if t != reflect.TypeFor[*time.Time]() { // of which the zero one is none
			t = reflect.PointerTo(t)
		}
		fields = append(fields, reflect.StructField{Name: f.Name, Type: t, Tag: words.tag(name, "", words.help)})
		if words.one != "" {
			fields = append(fields,
				reflect.StructField{Name: "Add" + f.Name, Type: t, Tag: words.tag("add_"+name, "add-", "One more "+words.one)},
				reflect.StructField{Name: "Remove" + f.Name, Type: t, Tag: words.tag("remove_"+name, "remove-", "No longer this "+words.one)})
		}
	}
	return reflect.StructOf(fields)
}

// tag returns that of a field of SetClient for a column, whose flag has prefix before its name.
func (w clientWord) tag(member, prefix, help string) reflect.StructTag {
	tag := fmt.Sprintf("json:%q name:%q help:%q group:%q", member+",omitempty", prefix+w.flag, help, w.group)
	switch w.value {
	case "":
		tag += ` negatable:""`
	default:
		tag += fmt.Sprintf(" placeholder:%q", w.value)
	}
	return reflect.StructTag(tag)
}

// ChangedClient has the client's secret, if it has one only now.
type ChangedClient struct {
	ClientSecret string `json:"client_secret,omitempty" help:"Made where the client authenticates with one from now on; shown only now."`
}

// setClient is the operation "client set".
func setClient(ctx context.Context, a *Admin, in any) (any, error) {
	id, changes := reflect.ValueOf(in).FieldByName("ClientID").String(), changesOf(in)
	var out ChangedClient
	return out, a.store.ChangeClient(ctx, id, func(c oidc.Client) (store.Columns, []byte, error) {
		if err := combine(changes, c); err != nil {
			return nil, nil, err
		}
		var sha []byte
		if method, _ := changes["token_endpoint_auth_method"].(string); c.NewestSecret(time.Now()) == nil &&
			(&oidc.ClientMetadata{TokenEndpointAuthMethod: method}).TakesSecret() {
			out.ClientSecret, sha = newSecret()
		}
		applyTo(&c, changes)
		if slices.ContainsFunc(checkedColumns, func(name string) bool { _, named := changes[name]; return named }) {
			if err := a.checkClient(&c); err != nil {
				return nil, nil, err
			}
			if _, named := changes["response_types"]; named {
				changes["response_types"] = c.ResponseTypes
			}
		}
		return changes, sha, nil
	})
}

// checkedColumns are what checkClient looks at.
var checkedColumns = []string{"response_types", "grant_types", "frontchannel_logout_uri", "redirect_uris"}

// combine makes of what is added to a list, and removed from it, the whole list.
func combine(changes store.Columns, c oidc.Client) error {
	for _, member := range slices.Sorted(maps.Keys(changes)) { // add_ comes before remove_
		verb, name, _ := strings.Cut(member, "_")
		if verb != "add" && verb != "remove" {
			continue
		}
		given := changes[member].([]string)
		delete(changes, member)
		list, ok := changes[name].([]string)
		if !ok {
			list = slices.Clone(columnOf(&c, name).Interface().([]string))
		}
		for _, item := range given {
			i := slices.Index(list, item)
			switch {
			case verb == "add" && i < 0:
				list = append(list, item)
			case verb == "remove" && i < 0:
				return invalid("there is no %q among its %s", item, name)
			case verb == "remove":
				list = slices.Delete(list, i, i+1)
			}
		}
		changes[name] = list
	}
	return nil
}

// columnOf returns the field of a column.
func columnOf(c *oidc.Client, name string) reflect.Value {
	row := reflect.ValueOf(c).Elem()
	for _, f := range reflect.VisibleFields(row.Type()) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); !f.Anonymous && tag == name {
			return row.FieldByIndex(f.Index)
		}
	}
	return reflect.Value{}
}

// applyTo has c be as it is with the changes.
func applyTo(c *oidc.Client, changes store.Columns) {
	for name, value := range changes {
		field := columnOf(c, name)
		switch v := value.(type) {
		case time.Time:
			field.Set(reflect.ValueOf(&v))
		default:
			if field.IsValid() {
				field.Set(reflect.ValueOf(value))
			}
		}
	}
	if len(c.JWKS) == 0 {
		c.JWKS = json.RawMessage(nil)
	}
}
