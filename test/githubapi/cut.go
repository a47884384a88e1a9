package githubapi

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// A document is an OpenAPI description, of which only the outlines are read.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Info       json.RawMessage                       `json:"info"`
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components map[string]map[string]json.RawMessage `json:"components"`
}

// fingerprint names a list of operations, and the way in which they are cut out.
func fingerprint(operations []operation) string {
	names := "1"
	for _, o := range operations {
		names += "\n" + o.method + " " + o.path
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(names)))[:12]
}

// cut leaves of a description these operations, and what they refer to.
func cut(text []byte, operations []operation) ([]byte, error) {
	var all document
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	part := document{OpenAPI: all.OpenAPI, Info: all.Info, Paths: map[string]map[string]json.RawMessage{}, Components: map[string]map[string]json.RawMessage{}}
	for _, o := range operations {
		method := strings.ToLower(o.method)
		described, ok := all.Paths[o.path][method]
		if !ok {
			return nil, fmt.Errorf("it has no %s %s", o.method, o.path)
		}
		if part.Paths[o.path] == nil {
			part.Paths[o.path] = map[string]json.RawMessage{}
		}
		part.Paths[o.path][method] = described
		part.take(described, all.Components)
	}
	return json.Marshal(part)
}

// A discriminator's mapping has references without a $ref.
var reference = regexp.MustCompile(`"#/components/([^/"]+)/([^/"]+)"`)

// take adds what a text refers to.
func (d *document) take(text json.RawMessage, components map[string]map[string]json.RawMessage) {
	for _, found := range reference.FindAllSubmatch(text, -1) {
		kind, name := string(found[1]), string(found[2])
		if d.Components[kind] == nil {
			d.Components[kind] = map[string]json.RawMessage{}
		}
		if _, taken := d.Components[kind][name]; !taken {
			d.Components[kind][name] = components[kind][name]
			d.take(components[kind][name], components)
		}
	}
}
