package secret

import (
	"encoding/json"
	"regexp"
	"strings"
)

// token matches the strings of a JSON text, and its numbers. A name has its colon.
var token = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(?:\s*:)?|-?[0-9][0-9.eE+-]*`)

// HideJSON hides secrets in the values of a JSON text, which remains valid: a
// number that contains a secret becomes a string.
func (s *Set) HideJSON(text string) string {
	return token.ReplaceAllStringFunc(text, func(part string) string {
		if strings.HasSuffix(part, ":") {
			return part
		}
		var value string
		if json.Unmarshal([]byte(part), &value) != nil {
			value = part
		}
		hidden := s.Hide(value)
		if hidden == value {
			return part
		}
		quoted, err := json.Marshal(hidden)
		if err != nil { // a string always has a form in JSON
			panic(err)
		}
		return string(quoted)
	})
}
