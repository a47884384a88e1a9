package power

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/test/light"
)

var shop = release.App{Org: "apxr", Name: "shop"}

// artifact is what is deployed, under a new ID each time.
type artifact struct {
	manifest release.Manifest
	files    map[string][]byte
}

// newArtifact has files of all sizes: some of a page, some of many.
func newArtifact(rnd *rand.Rand) (a artifact, err error) {
	home, err := os.MkdirTemp(place, "home-")
	if err != nil {
		return a, err
	}
	defer os.RemoveAll(home)
	files := map[string]string{}
	for i := range 24 {
		files[fmt.Sprintf("lib/part%d/%d.beam", i%5, i)] = noise(rnd, 1<<(6+rnd.IntN(11)))
	}
	id := light.At(1)
	if err := light.Put(home, light.Release{App: shop, ID: id, Files: files}); err != nil {
		return a, err
	}
	dir := filepath.Join(home, "slipway", shop.Org, shop.Name, "artifacts", string(id))
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return a, err
	}
	if a.manifest, err = release.ParseManifest(data); err != nil {
		return a, err
	}
	a.files = map[string][]byte{}
	for _, f := range a.manifest.Files {
		if f.Kind != release.Regular {
			continue
		}
		if a.files[f.Path], err = os.ReadFile(filepath.Join(dir, "tree", f.Path)); err != nil {
			return a, err
		}
	}
	return a, nil
}

// as returns the manifest of the artifact under another ID.
func (a artifact) as(id release.ID) (release.Manifest, error) {
	m := a.manifest
	m.ReleaseID = id
	data, err := m.JSON()
	if err != nil {
		return m, err
	}
	return release.ParseManifest(data)
}

// parcel packs what a host lacks of a release. Without a base, that is all of it.
func (a artifact) parcel(m, base release.Manifest) (script.Parcel, error) {
	d, usable, err := m.Since(base)
	if err == nil && !usable {
		d, err = m.Whole()
	}
	if err != nil {
		return script.Parcel{}, err
	}
	var packed bytes.Buffer
	err = parcel.Write(&packed, parcel.Gzip, d, parcel.Dictionary{}, m.BuiltAt, a)
	return script.Parcel{From: d.From, Codec: string(parcel.Gzip), Data: &packed}, err
}

func (a artifact) Open(f release.File) (io.Reader, error) {
	return bytes.NewReader(a.files[f.Path]), nil
}
func (artifact) Settle([]release.File) error { return nil }

func noise(rnd *rand.Rand, size int) string {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	return string(data)
}
