package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/host"
)

// maxOutput bounds an output in bytes: GitHub allows 1 MB for all of a job's.
const maxOutput = 256 << 10

// values is a result for programs: by the names that JSON has for them. Outputs
// have the same names, with - for _.
type values map[string]any

func (v values) json() (string, error) {
	if len(v) == 0 {
		return "", nil
	}
	return indented(v)
}

// outputs returns a text as it is and everything else as JSON in one line. What
// is too long is left out, and the error says so.
func (v values) outputs() (map[string]string, error) {
	all := map[string]string{}
	var long error
	for name, value := range v {
		name = strings.ReplaceAll(name, "_", "-")
		if text, ok := value.(string); ok {
			all[name] = text
			continue
		}
		data, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if all[name] = string(data); len(data) > maxOutput {
			all[name] = "[]"
			long = fmt.Errorf("the output %s is empty: it would have %d bytes, and %d are the most", name, len(data), maxOutput)
		}
	}
	return all, long
}

// hostValue is a host in the value "hosts". Its names are an interface:
// workflows read them. There is no text of a host in it.
type hostValue struct {
	Host    string  `json:"host"`
	Outcome string  `json:"outcome"`
	Before  string  `json:"before"`
	Now     string  `json:"now"`
	Seconds float64 `json:"seconds"`
}

// values say what is so: of a rollout that failed, only that, and what became
// of each host.
func (r Rollout) values() values {
	hosts := []hostValue{}
	for _, h := range r.Hosts {
		hosts = append(hosts, hostValue{h.Host, outcomes[h.Outcome], string(h.Before), string(h.After), float64(h.Took.Milliseconds()) / 1000})
	}
	all := values{"result": string(r.Became), "hosts": hosts}
	if r.Err == nil {
		all["release_id"], all["version"], all["revision"] = string(r.Target), r.Version, r.Revision
		all["previous_release_id"] = string(r.Previous.ID)
	}
	return all
}

// outcomes are the words for programs.
var outcomes = map[host.Outcome]string{
	host.Live: "live", host.Staged: "staged", host.Unchanged: "unchanged", host.Untouched: "not-changed",
	host.Skipped: "not-reached", host.Reverted: "put-back", host.Failed: "failed",
}
