package declared

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// read returns a value of the file as JSON, or what is wrong with it.
func (c Column) read(n *yaml.Node) (json.RawMessage, string) {
	if isNothing(n) {
		if c.NotNull {
			return nil, "must not be null"
		}
		return null, ""
	}
	switch c.Type {
	case "boolean":
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" && (n.Value == "true" || n.Value == "false") {
			return json.RawMessage(n.Value), ""
		}
		return nil, "must be true or false"
	case "integer", "bigint", "smallint":
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && jsonInteger.MatchString(n.Value) {
			return json.RawMessage(n.Value), ""
		}
		return nil, "must be a whole number"
	case "text[]":
		return readList(n)
	case "jsonb":
		return readJSON(n)
	case "timestamp with time zone":
		if n.Kind == yaml.ScalarNode && isTime.MatchString(n.Value) {
			return toJSON(n.Value), ""
		}
		return nil, "must be a date, such as 2027-03-01 or 2027-03-01T08:00:00Z"
	}
	return readText(n)
}

var (
	jsonInteger = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	jsonNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	isTime      = regexp.MustCompile(`^(-?infinity|[0-9]{4,6}-[0-9]{2}-[0-9]{2}` +
		`([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:[0-9]{2})?))?( BC)?)$`)
)

// readText takes nothing for text that YAML takes for something else: what a version of it takes for a number or a truth value is a
// surprise that quotes prevent.
func readText(n *yaml.Node) (json.RawMessage, string) {
	switch {
	case n.Kind != yaml.ScalarNode:
		return nil, "must be text"
	case n.ShortTag() != "!!str" || n.Style == 0 && isOtherwise(n.Value):
		return nil, "must be text: put it in quotes"
	}
	return toJSON(n.Value), ""
}

func readList(n *yaml.Node) (json.RawMessage, string) {
	if n.Kind != yaml.SequenceNode {
		return nil, "must be a list"
	}
	list := make([]json.RawMessage, len(n.Content))
	for i, item := range n.Content {
		read, problem := readText(item)
		if problem != "" {
			return nil, "must be a list of texts: item " + strconv.Itoa(i+1) + " " + problem
		}
		list[i] = read
	}
	return toJSON(list), ""
}

func readJSON(n *yaml.Node) (json.RawMessage, string) {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]json.RawMessage, len(n.Content))
		for i, item := range n.Content {
			read, problem := readJSON(item)
			if problem != "" {
				return nil, problem
			}
			list[i] = read
		}
		return toJSON(list), ""
	case yaml.MappingNode:
		object := map[string]json.RawMessage{}
		for i := 0; i < len(n.Content); i += 2 {
			read, problem := readJSON(n.Content[i+1])
			if problem != "" {
				return nil, problem
			}
			object[n.Content[i].Value] = read
		}
		return toJSON(object), ""
	}
	return readScalar(n)
}

// readScalar takes numbers as JSON has them, digit by digit: they may be larger than any of Go's.
func readScalar(n *yaml.Node) (json.RawMessage, string) {
	switch plain := n.Style == 0; {
	case plain && jsonNumber.MatchString(n.Value), plain && (n.Value == "true" || n.Value == "false"):
		return json.RawMessage(n.Value), ""
	case isNothing(n):
		return null, ""
	case n.ShortTag() != "!!str" || plain && isOtherwise(n.Value):
		return nil, "has " + quoted(n.Value) + ", which is not clear: write a number as JSON does, or put text in quotes"
	}
	return toJSON(n.Value), ""
}

// otherwise is what some version of YAML takes for something else than text.
var otherwise = regexp.MustCompile(`(?i)^(~|null|true|false|yes|no|on|off|y|n|[-+]?\.(inf|nan)|<<|=|[-+]?[0-9][0-9_,.:]*(e[-+]?[0-9]+)?` +
	`|[-+]?\.[0-9_]+(e[-+]?[0-9]+)?|[-+]?0[xob][0-9a-f_]+)$`)

func isOtherwise(s string) bool { return otherwise.MatchString(s) }

// toJSON returns a value as JSON.
func toJSON(value any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // of texts, lists and maps there is none
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
