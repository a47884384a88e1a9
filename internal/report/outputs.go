package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/host"
)

// maxOutput bounds an output in bytes. GitHub allows 1 MB for all outputs of a
// job.
const maxOutput = 256 << 10

// values is a result for programs, by the names in JSON. Outputs have the same
// names, with - instead of _.
type values map[string]any

func (v values) json() (string, error) {
	if len(v) == 0 {
		return "", nil
	}
	return indented(v)
}

// outputs returns texts unchanged and other values as JSON on one line. It
// leaves out values that are too long, and names them in the error.
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

// hostValue is a host in the value "hosts". Its field names are an interface:
// workflows read them. It contains no text from a host.
type hostValue struct {
	Host    string  `json:"host"`
	Outcome string  `json:"outcome"`
	Before  string  `json:"before"`
	Now     string  `json:"now"`
	Seconds float64 `json:"seconds"`
}

// values returns the result for programs. A failed rollout has only the values
// "result" and "hosts".
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
	if r.Err == nil && r.Digest != "" {
		all["release_digest"] = string(r.Digest)
	}
	return all
}

// outcomes has the outcomes as programs read them.
var outcomes = map[host.Outcome]string{
	host.Live: "live", host.Staged: "staged", host.Unchanged: "unchanged", host.Untouched: "not-changed",
	host.Skipped: "not-reached", host.Reverted: "put-back", host.GoingBack: "going-back", host.Failed: "failed",
}
