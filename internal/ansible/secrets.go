package ansible

import (
	"fmt"
	"os"
)

// secrets are texts that a program reads as files, and that are on no disk.
type secrets struct{ files []*os.File }

// firstFD is the number by which a program gets the first of them.
const firstFD = 3

// add returns the path by which the program finds the text.
func (s *secrets) add(text []byte) (string, error) {
	f, err := inMemory(text)
	if err != nil {
		return "", fmt.Errorf("cannot hand a secret to Ansible: %w", err)
	}
	s.files = append(s.files, f)
	return fmt.Sprintf("/dev/fd/%d", firstFD+len(s.files)-1), nil
}

func (s *secrets) close() {
	for _, f := range s.files {
		f.Close()
	}
}
