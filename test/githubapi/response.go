package githubapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// checkAnswer says what of an answer is not as GitHub describes it.
func (d description) checkAnswer(c *call, a answer) []string {
	declared := d.of(c).Responses.Status(a.status)
	switch {
	case declared == nil && !anywhere(a.status):
		return []string{fmt.Sprintf("it answers %d, which is not declared", a.status)}
	case declared == nil && unchecked(a.status), declared != nil && len(a.body) == 0 && len(declared.Value.Content) == 0:
		return nil
	case declared == nil || len(declared.Value.Content) == 0:
		return d.checkError(a)
	}
	input := &openapi3filter.ResponseValidationInput{RequestValidationInput: d.input(c), Status: a.status, Header: a.header}
	input.Options = input.RequestValidationInput.Options
	input.SetBodyBytes(a.body)
	found := answered(a.status, messages(openapi3filter.ValidateResponse(c.request.Context(), input)))
	if media := declared.Value.Content.Get(a.header.Get("Content-Type")); media != nil && media.Schema != nil {
		found = append(found, a.undeclared(media.Schema.Value)...)
	}
	return found
}

// Some statuses are declared for few operations, but come from all of them: redirects, what a token may not, what is not
// there, what cannot be, and whatever ails the server and what stands before it.
func anywhere(status int) bool {
	known := []int{
		http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusUnauthorized,
		http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity,
	}
	return slices.Contains(known, status) || unchecked(status)
}

// Limits, and errors of the server, do not always come from the API itself.
func unchecked(status int) bool { return status == http.StatusTooManyRequests || status >= 500 }

// checkError holds an answer against what GitHub's errors have in common.
func (d description) checkError(a answer) []string {
	schema := d.Components.Schemas["basic-error"].Value
	var value any
	if err := json.Unmarshal(a.body, &value); err != nil {
		return answered(a.status, []string{err.Error()})
	}
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.SetSchemaErrorMessageCustomizer(where))
	return append(answered(a.status, messages(err)), a.undeclared(schema)...)
}

func (a answer) undeclared(schema *openapi3.Schema) (found []string) {
	var value any
	if json.Unmarshal(a.body, &value) != nil {
		return nil // which is said already
	}
	for _, key := range undeclared("body", schema, value) {
		found = append(found, key+" is not declared")
	}
	return answered(a.status, found)
}

func answered(status int, found []string) []string {
	for i := range found {
		found[i] = fmt.Sprintf("it answers %d: %s", status, found[i])
	}
	return found
}
