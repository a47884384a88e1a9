package gitserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
)

// AddLFS makes an object that every repository on the server has.
func (s *Server) AddLFS(data []byte) (oid string, size int64) {
	sum := sha256.Sum256(data)
	oid = hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[oid] = data
	return oid, int64(len(data))
}

// LFSPointer is what git has in the place of an object: the text of the file in the commit.
func LFSPointer(oid string, size int64) string {
	return fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", oid, size)
}

const lfsType = "application/vnd.git-lfs+json"

// lfsPath is what follows a repository's name: the batch API, or one object.
var lfsPath = regexp.MustCompile(`^info/lfs/objects/(batch|[0-9a-f]{64})$`)

func (s *Server) serveLFS(w http.ResponseWriter, r *http.Request, rest string) {
	name := path.Base(rest)
	switch {
	case name == "batch" && r.Method == http.MethodPost:
		s.serveBatch(w, r)
	case name != "batch" && r.Method == http.MethodGet:
		s.serveObject(w, name)
	default:
		lfsError(w, http.StatusMethodNotAllowed, "method not allowed")
	}
}

type batchRequest struct {
	Operation string        `json:"operation"`
	Objects   []batchObject `json:"objects"`
}

type batchResponse struct {
	Transfer string        `json:"transfer"`
	Objects  []batchObject `json:"objects"`
}

type batchObject struct {
	OID     string                 `json:"oid"`
	Size    int64                  `json:"size"`
	Actions map[string]batchAction `json:"actions,omitempty"`
	Error   *batchError            `json:"error,omitempty"`
}

type batchAction struct {
	Href string `json:"href"`
}

type batchError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// serveBatch says where each object is: on this server, behind the same token.
func (s *Server) serveBatch(w http.ResponseWriter, r *http.Request) {
	var request batchRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		lfsError(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if request.Operation != "download" {
		lfsError(w, http.StatusForbidden, "this server only gives out")
		return
	}
	objects := "https://" + s.addr + strings.TrimSuffix(r.URL.Path, "batch")
	response := batchResponse{Transfer: "basic", Objects: []batchObject{}}
	for _, object := range request.Objects {
		if data, ok := s.object(object.OID); !ok || int64(len(data)) != object.Size {
			object.Error = &batchError{http.StatusNotFound, "object does not exist"}
		} else {
			object.Actions = map[string]batchAction{"download": {objects + object.OID}}
		}
		response.Objects = append(response.Objects, object)
	}
	writeLFS(w, http.StatusOK, response)
}

func (s *Server) serveObject(w http.ResponseWriter, oid string) {
	data, ok := s.object(oid)
	if !ok {
		lfsError(w, http.StatusNotFound, "object does not exist")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(data)
}

func (s *Server) object(oid string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.objects[oid]
	return data, ok
}

func lfsError(w http.ResponseWriter, code int, message string) {
	writeLFS(w, code, map[string]string{"message": message})
}

func writeLFS(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", lfsType)
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}
