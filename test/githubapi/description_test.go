package githubapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const described = `{"openapi": "3.0.3", "info": {},
"paths": {
	"/a": {"get": {"x": {"$ref": "#/components/schemas/one"}}, "post": {"x": {"$ref": "#/components/schemas/other"}}},
	"/b": {"get": {}}
},
"components": {"schemas": {
	"one": {"mapping": {"x": "#/components/schemas/two"}},
	"two": {"allOf": [{"$ref": "#/components/schemas/one"}, {"$ref": "#/components/parameters/three"}]},
	"other": {}
}, "parameters": {"three": {"x": 1}}}}`

func TestCut(t *testing.T) {
	text, err := cut([]byte(described), []operation{{method: "GET", path: "/a"}})
	if err != nil {
		t.Fatal(err)
	}
	var got document
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Paths) != 1 || len(got.Paths["/a"]) != 1 || len(got.Components["schemas"]) != 2 || len(got.Components["parameters"]) != 1 {
		t.Errorf("got %s", text)
	}
	if _, err := cut([]byte(described), []operation{{method: "PUT", path: "/a"}}); err == nil || !strings.Contains(err.Error(), "no PUT /a") {
		t.Errorf("an operation that is not described: %v", err)
	}
	if fingerprint(operations) == fingerprint(operations[1:]) {
		t.Error("what is kept of one list of operations would do for another one")
	}
}

func TestUndeclaredKeys(t *testing.T) {
	var schema openapi3.Schema
	if err := json.Unmarshal([]byte(`{
		"type": "object",
		"properties": {
			"a": {"type": "object"},
			"b": {"type": "object", "additionalProperties": true, "properties": {"c": {"type": "object", "properties": {"d": {}}}}},
			"c": {"type": "object", "additionalProperties": false},
			"l": {"type": "array", "items": {"oneOf": [{"type": "object", "properties": {"x": {}}}, {"type": "object", "properties": {"y": {}}}, {"type": "string"}]}},
			"s": {"type": "string"}
		},
		"allOf": [{"type": "object", "properties": {"e": {"anyOf": [{"type": "object", "properties": {"f": {}}}]}}}]
	}`), &schema); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"a": {"any": {"key": 1}}, "b": {"any": 1, "c": {"d": 1}}, "e": {"f": 1}, "l": [{"x": 1}, {"y": {"any": 1}}, "text"], "s": "text"}`: "[]",
		`{"z": 1, "y": 2}`:                    "[v.y v.z]",
		`{"b": {"c": {"z": 1}}}`:              "[v.b.c.z]",
		`{"c": {"z": 1}}`:                     "[v.c.z]",
		`{"e": {"z": 1}}`:                     "[v.e.z]",
		`{"l": [{"z": 1}, {"z": 2, "x": 1}]}`: "[v.l[].z]",
		`{"s": {"z": 1}}`:                     "[v.s.z]",
		`null`:                                "[]",
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(undeclared("v", &schema, value)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
