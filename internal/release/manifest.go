package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// ManifestFormat is the version of the manifest's own format.
const ManifestFormat = 1

// Manifest identifies a release and lists every file in it.
type Manifest struct {
	Format       int       `json:"format"`
	ReleaseID    ID        `json:"release_id"`
	Org          string    `json:"org"`
	App          string    `json:"app"`
	Release      string    `json:"release,omitempty"` // its name in mix.exs; the start script is bin/NAME
	Version      string    `json:"version"`           // the application's version in mix.exs
	Revision     string    `json:"revision"`          // the git commit it was built from
	Ref          string    `json:"ref,omitempty"`     // the branch or tag that was pushed
	Repository   string    `json:"repository"`
	BuiltAt      time.Time `json:"built_at"`
	OS           string    `json:"os"`   // from uname -s, e.g. Linux
	Arch         string    `json:"arch"` // from uname -m, e.g. x86_64
	Libc         string    `json:"libc"`
	Kernel       string    `json:"kernel,omitempty"` // from uname -r on the build host
	ERTS         string    `json:"erts"`
	Elixir       string    `json:"elixir"`
	OTP          string    `json:"otp"`
	MixLock      string    `json:"mix_lock_sha256,omitempty"`
	ToolVersions string    `json:"tool_versions_sha256,omitempty"` // of the files that pin tools
	Tools        string    `json:"tools,omitempty"`                // what else was pinned, such as "jq 1.7.1, nodejs 20.1.0"
	Files        []File    `json:"files"`

	text string // what was parsed; empty: nothing was
}

// ParseManifest reads a manifest. It refuses one that Slipway cannot have made.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	m.text = string(data)
	return m, m.Validate()
}

// JSON returns the manifest as a build writes it.
func (m Manifest) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

// Branch returns the ref of the branch or pull request that the release was
// built for, or "" if it is not known, or is a tag. Only these refs move: a tag is
// always at its own commit, so its tip does not say what was pushed last.
func (m Manifest) Branch() string {
	switch {
	case m.Ref == "" || m.Ref == m.Revision || strings.HasPrefix(m.Ref, "refs/tags/"):
		return ""
	case strings.HasPrefix(m.Ref, "refs/"):
		return m.Ref
	}
	return "refs/heads/" + m.Ref // a build may be asked for a branch by its name
}

// Size returns the sum of all file sizes in bytes.
func (m Manifest) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

var releaseName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Validate reports everything that makes the release unsafe to unpack or
// impossible to identify.
func (m Manifest) Validate() error {
	return errors.Join(m.validateFormat(), m.validateIdentity(), m.validateText(), m.validateOrigin(), m.validateFiles())
}

func (m Manifest) validateFormat() error {
	if m.Format != ManifestFormat {
		return fmt.Errorf("manifest: format %d; this Slipway knows format %d", m.Format, ManifestFormat)
	}
	return nil
}
