package admin

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// object is a JSON object of the document.
type object = map[string]any

// OpenAPI returns the document of the admin API (OpenAPI 3.1), which is made of the table of operations. issuer is where tokens for it
// come from.
func OpenAPI(issuer string) map[string]any {
	schemas := schemas{object{}, map[string]reflect.Type{}}
	paths := object{}
	for _, o := range operations {
		if o.Path == "" {
			continue
		}
		_, path, _ := strings.Cut(o.Path, " ")
		at, _ := paths[path].(object)
		if at == nil {
			at = object{}
			paths[path] = at
		}
		at[strings.ToLower(o.Method())] = o.document(schemas)
	}
	schemas.all["Problem"] = schemas.objectOf(reflect.TypeFor[oidc.Problem]())
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "Gatehouse admin API", "version": "1", // of the paths: which Gatehouse it is, nobody is told
			"description": "Every operation of the command line that a right can be given for. Text is UTF-8; times are RFC 3339."},
		"servers": []object{{"url": issuer + oidc.AdminPath}},
		"paths":   paths,
		"components": object{"schemas": schemas.all, "securitySchemes": object{
			"oauth": object{"type": "openIdConnect", "openIdConnectUrl": issuer + "/.well-known/openid-configuration"}}},
	}
}

// document returns the operation as the document has it.
func (o Operation) document(s schemas) object {
	right := "read"
	if o.Writes() {
		right = "write"
	}
	doc := object{"operationId": o.ID(), "summary": o.Help, "tags": []string{o.Noun()},
		"security":  []object{{"oauth": []string{"admin." + o.Noun() + "." + right}}},
		"responses": object{"default": object{"description": "Refused.", "content": object{"application/problem+json": s.ref("Problem")}}}}
	inAddress := membersInPath(o)
	parameters, body, required := []object{}, object{}, []string{}
	for _, m := range o.takes() {
		schema := s.of(m.field)
		switch named := slices.Contains(inAddress, m.name); {
		case named:
			parameters = append(parameters, object{"name": m.name, "in": "path", "required": true, "schema": schema})
		case !o.inBody():
			parameters = append(parameters, object{"name": m.name, "in": "query", "schema": schema})
		default:
			body[m.name] = schema
			if !m.optional && !o.hasDefaults() {
				required = append(required, m.name)
			}
		}
	}
	if o.Writes() {
		for _, header := range [][2]string{
			{"If-Match", "The ETag of the row as it was seen: if it is another by now, the answer is 412, with what it is."},
			{"Idempotency-Key", "Any text: the same request with the same key, within a day, has the answer of the first."}} {
			parameters = append(parameters, object{"name": header[0], "in": "header", "description": header[1], "schema": object{"type": "string"}})
		}
		for _, name := range [][2]string{{"dry_run", "Answer what would change and what would end, and change nothing."},
			{"declared_anyway", "Change rows, too, that a file declares."}} {
			parameters = append(parameters, object{"name": name[0], "in": "query", "description": name[1], "schema": object{"type": "boolean"}})
		}
	}
	if len(parameters) > 0 {
		doc["parameters"] = parameters
	}
	if o.inBody() {
		doc["requestBody"] = object{"required": len(required) > 0, "content": object{o.BodyType(): object{"schema": object{"type": "object",
			"properties": body, "required": required, "additionalProperties": false}}}}
	}
	o.documentAnswers(doc["responses"].(object), s)
	return doc
}

func (o Operation) documentAnswers(responses object, s schemas) {
	of := func(schema object) object { return object{"application/json": object{"schema": schema}} }
	ok := object{"description": "Done.", "content": of(s.ofType(o.Out))}
	if o.Out == reflect.TypeFor[Nothing]() {
		responses["204"] = object{"description": "Done."}
	} else {
		responses["200"] = ok
	}
	if o.Writes() && o.Out == reflect.TypeFor[Nothing]() {
		responses["200"] = object{"description": "What a dry run would change.", "content": of(s.ofType(reflect.TypeFor[DryRun]()))}
	} else if o.Writes() {
		ok["description"] = "Done; or what a dry run would change."
		ok["content"] = of(object{"anyOf": []object{s.ofType(o.Out), s.ofType(reflect.TypeFor[DryRun]())}})
	}
}

// BodyType is the media type of the operation's body; RFC 7396 has that of a merge patch.
func (o Operation) BodyType() string {
	if o.Method() == "PATCH" {
		return "application/merge-patch+json"
	}
	return "application/json"
}

// hasDefaults reports whether what is left out of the body has a default, as the input itself knows.
func (o Operation) hasDefaults() bool {
	return o.Method() == "PATCH" || reflect.PointerTo(o.In).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// ID returns the name of the operation for programs, such as userSetUsernameRule.
func (o Operation) ID() string {
	return betweenWords.ReplaceAllStringFunc(o.Name, func(s string) string { return strings.ToUpper(s[1:]) })
}

var betweenWords = regexp.MustCompile(`[ -][a-z]`)

// schemas are those of the document by name, and what types they are of.
type schemas struct {
	all   object
	named map[string]reflect.Type
}

func (s schemas) ref(name string) object {
	return object{"schema": object{"$ref": "#/components/schemas/" + name}}
}

// of returns the schema of a member.
func (s schemas) of(f reflect.StructField) object {
	schema := s.ofType(f.Type)
	if help := f.Tag.Get("help"); help != "" {
		words := strings.ReplaceAll(help, "${enum}", strings.ReplaceAll(f.Tag.Get("enum"), ",", ", "))
		if schema["$ref"] != nil {
			schema = object{"allOf": []object{schema}}
		}
		schema["description"] = words
	}
	if enum := f.Tag.Get("enum"); enum != "" && f.Type.Kind() == reflect.String {
		schema["enum"] = strings.Split(enum, ",")
	}
	return schema
}

// ofType returns the schema of a type, a reference for a struct that has a name.
func (s schemas) ofType(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Duration]():
		return object{"type": "string", "pattern": `^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$|^0$`}
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		schema := s.ofType(t.Elem())
		if kind, ok := schema["type"].(string); ok {
			schema["type"] = []string{kind, "null"}
		}
		return schema
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": s.ofType(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.ofType(t.Elem())}
	case reflect.Struct:
		name := schemaName(t)
		if name == "" {
			return s.objectOf(t)
		}
		if of, known := s.named[name]; !known {
			s.named[name] = t // before its members: a type may be within itself
			s.all[name] = s.objectOf(t)
		} else if of != t {
			panic("two types are called " + name + " in the document: " + of.String() + " and " + t.String())
		}
		return s.ref(name)["schema"].(object)
	}
	return object{"type": "integer"}
}

func (s schemas) objectOf(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, m := range membersOf(t) {
		properties[m.name] = s.of(m.field)
		if !m.optional {
			required = append(required, m.name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required}
}

// schemaName returns a name for a type: its own, and for a page that of what is on it.
func schemaName(t reflect.Type) string {
	name, of, generic := strings.Cut(t.Name(), "[")
	if generic {
		of = strings.TrimSuffix(of, "]")
		return strings.TrimSuffix(of[strings.LastIndex(of, ".")+1:], "Row") + name
	}
	return strings.TrimSuffix(name, "Row")
}
