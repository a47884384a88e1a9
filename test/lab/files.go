package lab

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
)

// A fileServer offers files of this machine to a lab's hosts over HTTP. It listens on the machine's address in the
// lab's network, which nobody else reaches, and ends with the process that started the lab.
type fileServer struct {
	url  string
	http *http.Server

	mu    sync.Mutex
	paths map[string]string // by the first part of the URL's path
}

func newFileServer(address string) (*fileServer, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, fmt.Errorf("serve files to the hosts: %w", err)
	}
	s := &fileServer{url: "http://" + listener.Addr().String() + "/", paths: map[string]string{}}
	// Hosts that end while they fetch something are none of the terminal's business.
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	go s.http.Serve(listener)
	return s, nil
}

func (s *fileServer) close() error {
	if s == nil {
		return nil
	}
	return s.http.Close()
}

var servedName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Serve offers a file or a directory of this machine to the lab's hosts, and returns its URL: that of a directory leads
// to the files in it. A name that is in use leads to the new path from now on. Only the process that started the lab
// can serve, and as long as it lives.
func (l *Lab) Serve(name, path string) (url string, err error) {
	if l.files == nil {
		return "", fmt.Errorf("serve %s: lab %d belongs to process %d", path, l.number, l.record.PID)
	}
	if !servedName.MatchString(name) {
		return "", fmt.Errorf("serve %s: %q cannot be a part of a URL: use letters, digits, dots, - and _", path, name)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("serve %s: %w", name, err)
	}
	l.files.mu.Lock()
	defer l.files.mu.Unlock()
	l.files.paths[name] = path
	return l.files.url + name, nil
}

func (s *fileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	path, known := s.paths[name]
	s.mu.Unlock()
	if !known {
		http.NotFound(w, r)
		return
	}
	if rest == "" {
		http.ServeFile(w, r, path)
		return
	}
	http.StripPrefix("/"+name, http.FileServer(http.Dir(path))).ServeHTTP(w, r)
}
