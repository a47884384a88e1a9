package githubapi

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// undeclared are the keys in a value, at any depth, that its schema has no property for. GitHub's schemas rarely forbid
// them, so that a validator lets them pass.
func undeclared(at string, schema *openapi3.Schema, value any) []string {
	found := undeclaredIn(at, alternatives(schema), value)
	slices.Sort(found)
	return slices.Compact(found)
}

func undeclaredIn(at string, schemas []*openapi3.Schema, value any) (found []string) {
	switch value := value.(type) {
	case []any:
		items := itemsOf(schemas)
		for _, item := range value {
			found = append(found, undeclaredIn(at+"[]", items, item)...)
		}
	case map[string]any:
		anything := slices.ContainsFunc(schemas, takesAnything)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			switch properties := propertiesOf(schemas, key); {
			case len(properties) > 0:
				found = append(found, undeclaredIn(at+"."+key, properties, value[key])...)
			case !anything:
				found = append(found, at+"."+key)
			}
		}
	}
	return found
}

// alternatives are a schema and all that it is put together from: a key may be any one's.
func alternatives(schema *openapi3.Schema) []*openapi3.Schema {
	all := []*openapi3.Schema{schema}
	for _, parts := range []openapi3.SchemaRefs{schema.AllOf, schema.AnyOf, schema.OneOf} {
		for _, part := range parts {
			all = append(all, alternatives(part.Value)...)
		}
	}
	return all
}

func itemsOf(schemas []*openapi3.Schema) (items []*openapi3.Schema) {
	for _, s := range schemas {
		if s.Items != nil {
			items = append(items, alternatives(s.Items.Value)...)
		}
	}
	return items
}

func propertiesOf(schemas []*openapi3.Schema, key string) (properties []*openapi3.Schema) {
	for _, s := range schemas {
		if property, ok := s.Properties[key]; ok {
			properties = append(properties, alternatives(property.Value)...)
		}
	}
	return properties
}

// takesAnything reports a schema of objects with whatever keys: it says so, or it says nothing of keys.
func takesAnything(s *openapi3.Schema) bool {
	switch additional := s.AdditionalProperties; {
	case additional.Schema != nil:
		return true
	case additional.Has != nil:
		return *additional.Has
	}
	composed := len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0
	return len(s.Properties) == 0 && !composed && (s.Type == nil || s.Type.Includes("object"))
}
