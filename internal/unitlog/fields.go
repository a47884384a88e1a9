package unitlog

import (
	"encoding/json"
	"strconv"
	"strings"
)

// mostNested limits how deep objects inside objects are read.
const mostNested = 4

// fieldsOf returns the fields of a line in JSON, those of nested objects too, or nil.
func fieldsOf(text string) map[string]string {
	if !strings.HasPrefix(text, "{\"") || !strings.HasSuffix(text, "}") {
		return nil
	}
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return nil
	}
	fields := map[string]string{}
	flatten(object, fields, mostNested)
	return fields
}

// flatten adds the fields of an object. Those of outer objects count more.
func flatten(object map[string]any, fields map[string]string, depth int) {
	for name, value := range object {
		switch v := value.(type) {
		case string:
			fields[strings.ToLower(name)] = v
		case float64:
			fields[strings.ToLower(name)] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	for _, value := range object {
		inner, ok := value.(map[string]any)
		if !ok || depth == 0 {
			continue
		}
		below := map[string]string{}
		flatten(inner, below, depth-1)
		for name, v := range below {
			if _, known := fields[name]; !known {
				fields[name] = v
			}
		}
	}
}

// first returns the first of some fields that is there.
func first(fields map[string]string, names ...string) string {
	for _, name := range names {
		if v := fields[name]; v != "" {
			return v
		}
	}
	return ""
}
