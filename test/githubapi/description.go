package githubapi

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/apxr/slipway/test/npm"
)

// published is what GitHub publishes, packed for npm: 29 MB, of which one file of 13 MB is kept.
var published = npm.Package{
	Name:      "@octokit/openapi",
	Version:   "23.0.2",
	Integrity: "sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
}

// A description is GitHub's, of the operations that are served.
type description struct{ *openapi3.T }

// describe reads the description once in a process.
var describe = sync.OnceValues(func() (description, error) {
	d, err := readDescription(context.Background())
	if err != nil {
		return d, fmt.Errorf("read GitHub's description of its API: %w", err)
	}
	return d, nil
})

func readDescription(ctx context.Context) (description, error) {
	text, err := servedPart(ctx)
	if err != nil {
		return description{}, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	return description{doc}, err
}

// servedPart is kept on this machine, too: it takes longer to find it in all of the description than to load it.
func servedPart(ctx context.Context) ([]byte, error) {
	all, err := published.Fetch(ctx, "generated/api.github.com.json", "github-api-"+published.Version+".json", 0o644)
	if err != nil {
		return nil, err
	}
	kept := filepath.Join(filepath.Dir(all), "github-api-"+published.Version+"-"+fingerprint(operations)+".json")
	if text, err := os.ReadFile(kept); err == nil {
		return text, nil
	}
	text, err := os.ReadFile(all)
	if err != nil {
		return nil, err
	}
	if text, err = cut(text, operations); err != nil {
		return nil, fmt.Errorf("%s: %w", all, err)
	}
	return text, keep(kept, text)
}

// keep writes a file of which nobody sees a part.
func keep(path string, text []byte) error {
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*.part")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err := part.Write(text); err != nil {
		part.Close()
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
