//go:build full

package hosts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

func TestAPortInPlaceOfAHealthURL(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1, "--ports", "4001", "SLIPWAY_HEALTH_URL=")
	w.Red(1, w.Slipway(world.DeployOf(w.Artifact(3, light.Way{Port: 4009}), "--ports", "4001", "SLIPWAY_HEALTH_URL=", failsSoon)...),
		"nothing listens on port 4001", "put back")
	w.runs(good)
}

// certificate makes a certificate with its key, as a release has it, and a file by
// which the runner trusts it.
func (w *webHost) certificate(name string) (both, trusted string) {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.Must(err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	w.Must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	w.Must(err)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	trusted = w.File(public)
	return public + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), trusted
}

func TestTheCertificateIsChecked(t *testing.T) {
	w := newWorld(t)
	both, trusted := w.certificate("shop.example.com")
	make := func(n int, way light.Way) release.ID {
		way.Certificate = "cert.pem"
		return w.Put(light.Release{ID: light.At(n), Way: way, Files: map[string]string{"lib/cert.pem": both}})
	}
	deploy := func(id release.ID, words ...string) []string {
		return world.DeployOf(id, append(words, "SLIPWAY_HEALTH_URL=https://127.0.0.1:4001/health", "SSL_CERT_FILE="+trusted, failsSoon)...)
	}
	serves := func(id release.ID) {
		t.Helper()
		if got := w.root("curl --silent --insecure https://127.0.0.1:4001/health"); !strings.Contains(got, string(id)) {
			t.Errorf("%s answers, want %s", got, id)
		}
	}
	first, second := make(1, light.Way{}), make(2, light.Way{})
	w.OK(deploy(first, "--health-server-name", "shop.example.com", "--health-body", `"host": "shop.example.com:4001"`)...)
	serves(first)
	w.Red(1, w.Slipway(deploy(second, "--health-server-name", "other.example.com")...), "certificate is valid for shop.example.com, not other.example.com")
	serves(first)
	w.Red(1, w.Slipway(deploy(make(3, light.Way{Status: 503}), "--health-server-name", "shop.example.com")...), "answers 503", "put back")
	serves(first)
	w.OK(deploy(second, "--health-server-name", "shop.example.com")...)
	serves(second)
}

// Each kind of answer, asked for by the host itself.
func TestWhatTheHostHearsFromItself(t *testing.T) {
	w := newWorld(t)
	w.root(forbidForwarding)
	w.cleanup(allowForwarding)
	good := w.Deploy(1, "--health-body", `"status": "ok"`)
	w.runs(good)
	for n, c := range map[int]struct {
		way  light.Way
		says string
	}{
		10: {light.Way{Hang: true}, "no answer from the health URL"},
		11: {light.Way{Port: 4009}, "no answer from the health URL: curl: (7)"},
		12: {light.Way{Body: "no"}, "its body does not match"},
	} {
		w.Red(1, w.Slipway(world.DeployOf(w.Artifact(n, c.way), failsSoon, "--health-body", `"status": "ok"`)...), c.says, "put back")
		w.runs(good)
	}
	w.runs(w.Deploy(2))
}
