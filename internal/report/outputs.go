package report

import (
	"encoding/json"
	"fmt"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
)

// maxOutput bounds an output in bytes: GitHub allows 1 MB for all of a job's.
const maxOutput = 256 << 10

// hostOutput is a host in the output "hosts". Its names are an interface:
// workflows read them. There is no text of a host in it.
type hostOutput struct {
	Host    string  `json:"host"`
	Outcome string  `json:"outcome"`
	Before  string  `json:"before"`
	Now     string  `json:"now"`
	Seconds float64 `json:"seconds"`
}

// Outputs is what a rollout hands to later steps. They say what is so: of one
// that failed, only that, and what became of each host.
func Outputs(r rollout.Result, err error) (map[string]string, error) {
	hosts := []hostOutput{}
	for _, h := range r.Hosts {
		hosts = append(hosts, hostOutput{h.Host, outcomes[h.Outcome], string(h.Before), string(h.After), float64(h.Took.Milliseconds()) / 1000})
	}
	list, jsonErr := json.Marshal(hosts)
	switch {
	case jsonErr != nil:
		return nil, jsonErr
	case len(list) > maxOutput:
		list = []byte("[]")
		jsonErr = fmt.Errorf("the output hosts is empty: of %d hosts it would have %d bytes, and %d are the most", len(hosts), len(list), maxOutput)
	}
	out := map[string]string{"result": string(r.Became), "hosts": string(list)}
	if err == nil {
		out["release-id"], out["version"], out["revision"] = string(r.Target), r.Version, r.Revision
		out["previous-release-id"] = string(r.Previous.ID)
	}
	return out, jsonErr
}

// outcomes are the words for programs.
var outcomes = map[host.Outcome]string{
	host.Live: "live", host.Staged: "staged", host.Unchanged: "unchanged", host.Untouched: "not-changed",
	host.Skipped: "not-reached", host.Reverted: "put-back", host.Failed: "failed",
}
