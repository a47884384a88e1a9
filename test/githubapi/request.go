package githubapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// checkRequest says what of a request is not as GitHub describes it.
func (d description) checkRequest(c *call) []string {
	found := checkHeaders(c.request.Header)
	described := d.of(c)
	found = append(found, checkQuery(c, described)...)
	found = append(found, messages(openapi3filter.ValidateRequest(c.request.Context(), d.input(c)))...)
	if described.RequestBody == nil {
		if len(c.body) > 0 {
			found = append(found, "a body is sent, but none is declared")
		}
		return found
	}
	var value any
	if json.Unmarshal(c.body, &value) == nil {
		schema := described.RequestBody.Value.Content.Get("application/json").Schema.Value
		for _, key := range undeclared("body", schema, value) {
			found = append(found, key+" is not declared")
		}
	}
	return found
}

func (d description) of(c *call) *openapi3.Operation {
	return d.Paths.Value(c.operation.path).GetOperation(c.operation.method)
}

// input is a request as the validator wants it. Defaults that are not sent are not added.
func (d description) input(c *call) *openapi3filter.RequestValidationInput {
	options := &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true, IncludeResponseStatus: true}
	options.WithCustomSchemaErrorFunc(where)
	return &openapi3filter.RequestValidationInput{
		Request: c.again(), PathParams: c.parameters, QueryParams: c.query, Options: options,
		Route: &routers.Route{
			Spec: d.T, Path: c.operation.path, PathItem: d.Paths.Value(c.operation.path), Method: c.operation.method, Operation: d.of(c),
		},
	}
}

// where says what is wrong in one line. The default has all of the schema and of the value.
func where(err *openapi3.SchemaError) string {
	return fmt.Sprintf("/%s: %s", strings.Join(err.JSONPointer(), "/"), err.Reason)
}

func messages(err error) (all []string) {
	var several openapi3.MultiError
	if !errors.As(err, &several) {
		several = openapi3.MultiError{err}
	}
	for _, one := range several {
		if one != nil {
			all = append(all, one.Error())
		}
	}
	return all
}

func checkQuery(c *call, described *openapi3.Operation) (found []string) {
	for name, values := range c.query {
		if described.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			found = append(found, fmt.Sprintf("query parameter %q is not declared", name))
		}
		if len(values) > 1 {
			found = append(found, fmt.Sprintf("query parameter %q is there %d times", name, len(values)))
		}
	}
	return found
}

var (
	// Names of previews are from the time before versions: GitHub still takes them, and its own clients still send them.
	accepted   = regexp.MustCompile(`application/vnd\.github(\.v3\+json|\+json|\.[a-z-]+-preview(\+json)?)(,|;|$)`)
	authorized = regexp.MustCompile(`^(?i:bearer|token) \S+$`)
)

const version = "2022-11-28"

// checkHeaders is about what GitHub asks for outside of its description.
func checkHeaders(h http.Header) (found []string) {
	if accept := strings.Join(h.Values("Accept"), ","); !accepted.MatchString(accept) {
		found = append(found, fmt.Sprintf("Accept is %q: GitHub recommends application/vnd.github+json", accept))
	}
	if !authorized.MatchString(h.Get("Authorization")) {
		found = append(found, "Authorization has no token")
	}
	if h.Get("User-Agent") == "" {
		found = append(found, "User-Agent is missing")
	}
	if got, sent := h["X-Github-Api-Version"]; sent && (len(got) != 1 || got[0] != version) {
		found = append(found, fmt.Sprintf("X-GitHub-Api-Version is %q: this description is of %s", got, version))
	}
	return found
}
