package hosts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

func TestPortsHaveToListen(t *testing.T) {
	w := anyWorld(t)
	good := w.deploy(1, "--ports", "4001", "SLIPWAY_HEALTH_URL=")
	next := w.artifact(2, light.Way{})
	w.red(1, w.run("deploy", "--release-id", string(next), "--ports", "4001 4009", "--health-timeout", "2s"), "nothing listens on port 4009", "what runs now does not meet the checks", "put back")
	// The old release does not listen there either: it is back all the same.
	w.runs(good)
	w.ok("deploy", "--release-id", string(next), "--ports", "4001")
	w.runs(next)
	w.red(1, w.run("deploy", "--release-id", string(w.artifact(3, light.Way{Port: 4009})), "--ports", "4001", "SLIPWAY_HEALTH_URL=", "--health-timeout", "2s"),
		"nothing listens on port 4001", "put back")
	w.runs(next)
}

// certificate is one for itself, with its key, as the release has it, and a file
// by which the runner trusts it.
func (w *world) certificate(name string) (both, trusted string) {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	w.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	w.must(err)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	trusted = filepath.Join(w.TempDir(), "ca.pem")
	w.must(os.WriteFile(trusted, []byte(public), 0o644))
	return public + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), trusted
}

func TestTheCertificateIsChecked(t *testing.T) {
	w := anyWorld(t)
	both, trusted := w.certificate("shop.example.com")
	make := func(n int, way light.Way) release.ID {
		way.Certificate = "cert.pem"
		return w.put(light.Release{ID: light.At(n), Way: way, Files: map[string]string{"lib/cert.pem": both}})
	}
	deploy := func(id release.ID, words ...string) []string {
		return append([]string{"deploy", "--release-id", string(id), "SLIPWAY_HEALTH_URL=https://127.0.0.1:4001/health", "SSL_CERT_FILE=" + trusted, "--health-timeout", "3s"}, words...)
	}
	serves := func(id release.ID) {
		t.Helper()
		if got := w.root("curl --silent --insecure https://127.0.0.1:4001/health"); !strings.Contains(got, string(id)) {
			t.Errorf("%s answers, want %s", got, id)
		}
	}
	first, second := make(1, light.Way{}), make(2, light.Way{})
	w.ok(deploy(first, "--health-server-name", "shop.example.com", "--health-body", `"host": "shop.example.com:4001"`)...)
	serves(first)
	w.red(1, w.run(deploy(second, "--health-server-name", "other.example.com")...), "certificate is valid for shop.example.com, not other.example.com")
	serves(first)
	w.red(1, w.run(deploy(make(3, light.Way{Status: 503}), "--health-server-name", "shop.example.com")...), "answers 503", "put back")
	serves(first)
	w.ok(deploy(second, "--health-server-name", "shop.example.com")...)
	serves(second)
}

// Where sshd forwards nothing, the host asks its own health URL.
func TestTheHostAsksItselfWithoutForwarding(t *testing.T) {
	w := anyWorld(t)
	w.install("/etc/ssh/sshd_config.d/00-test.conf", "AllowTcpForwarding no\n")
	w.root("systemctl restart ssh")
	w.cleanup("rm /etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh")
	good := w.deploy(1, "--health-body", `"status": "ok"`)
	w.runs(good)
	for n, c := range map[int]struct {
		way  light.Way
		says string
	}{
		10: {light.Way{Hang: true}, "no answer from the health URL"},
		11: {light.Way{Port: 4009}, "no answer from the health URL: curl: (7)"},
		12: {light.Way{Body: "no"}, "its body does not match"},
	} {
		w.red(1, w.run("deploy", "--release-id", string(w.artifact(n, c.way)), "--health-timeout", "2s", "--health-body", `"status": "ok"`), c.says, "put back")
		w.runs(good)
	}
	w.runs(w.deploy(2))
}
