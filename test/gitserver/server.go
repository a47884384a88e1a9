package gitserver

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apxr/slipway/test/lab"
)

// A Server runs in the test's process, at the lab's address of this machine, with a certificate from a CA of its own.
type Server struct {
	token string
	dir   string // the repositories
	addr  string // host:port
	ca    *authority
	git   http.Handler
	http  *http.Server

	mu       sync.Mutex
	requests []Request
	objects  map[string][]byte // Git LFS objects by ID
}

// A Request is one that the server got, whatever it answered.
type Request struct {
	Method     string
	Path       string // without the query
	Authorized bool   // it had the right token
}

// Start serves at a free port. Whoever gives the token as password, with any user name, may read everything.
func Start(l *lab.Lab, token string) (*Server, error) {
	s, err := start(l, token)
	if err != nil {
		return nil, fmt.Errorf("start a git server: %w", err)
	}
	return s, nil
}

func start(l *lab.Lab, token string) (*Server, error) {
	if token == "" {
		return nil, errors.New("no token: one that is empty would match requests without a password")
	}
	address, err := machineAddress(l)
	if err != nil {
		return nil, err
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	config, err := ca.serverConfig(address)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "slipway-gitserver-")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(address.String(), "0"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &Server{token: token, dir: dir, addr: listener.Addr().String(), ca: ca, objects: map[string][]byte{}}
	if s.git, err = gitHandler(dir); err != nil {
		return nil, errors.Join(err, listener.Close(), os.RemoveAll(dir))
	}
	// Clients that do not trust the certificate are part of the tests: no word about them on the terminal.
	s.http = &http.Server{Handler: s, TLSConfig: config, ErrorLog: log.New(io.Discard, "", 0)}
	go s.http.ServeTLS(listener, "", "")
	return s, nil
}

// machineAddress is the first address of the lab's network.
func machineAddress(l *lab.Lab) (netip.Addr, error) {
	host, err := netip.ParseAddr(l.Hosts()[0].Addr)
	if err != nil {
		return host, err
	}
	address := host.As4()
	address[3] = 1
	return netip.AddrFrom4(address), nil
}

// Close ends the server and removes its repositories.
func (s *Server) Close() error { return errors.Join(s.http.Close(), os.RemoveAll(s.dir)) }

// URL is a repository's address for the lab's hosts.
func (s *Server) URL(name string) string { return "https://" + s.addr + "/" + name + ".git" }

// Requests are all requests so far, in the order in which they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// CertificatePEM is the CA's certificate, which a client has to trust.
func (s *Server) CertificatePEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.ca.certificate.Raw}))
}

// trustScript goes by the server's address: other servers' certificates stay what they are to the user.
const trustScript = `set -eu
file=$HOME/.gitserver-$(echo "$1" | tr -c 'a-zA-Z0-9\n' -).pem
cat >"$file"
git config --global "http.$1.sslCAInfo" "$file"`

// Trust makes the git of a user on a host, and its Git LFS, trust the server's certificate.
func (s *Server) Trust(ctx context.Context, host *lab.Host, user string) error {
	_, err := host.RunAs(ctx, user, strings.NewReader(s.CertificatePEM()), "sh", "-c", trustScript, "sh", "https://"+s.addr)
	if err != nil {
		return fmt.Errorf("trust the git server: %w", err)
	}
	return nil
}

func (s *Server) repository(name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(name)+".git")
}
