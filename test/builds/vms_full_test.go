//go:build full

package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// A build that has to compile one module or nothing starts one virtual machine,
// as 'mix release' by hand does.
func TestARebuildStartsOneVM(t *testing.T) {
	s := newSite(t, "vms")
	files := sample.Plain(s.app)
	files["lib/one.ex"] = "defmodule One do\n  def say, do: :one\nend\n"
	p := s.publish(files)
	s.countVMs()
	first, _ := s.build()
	if n := s.vms(); n < 2 {
		s.Errorf("the first build started %d virtual machines: they are not counted", n)
	}
	same, _ := s.build()
	if n := s.vms(); n != 1 {
		s.Errorf("an unchanged build started %d virtual machines", n)
	}
	s.same(first, same, "an unchanged build")
	s.Must(p.Replace("lib/one.ex", ":one", ":two"))
	s.push(p, "one module")
	s.build()
	if n := s.vms(); n != 1 {
		s.Errorf("a build of one changed module started %d virtual machines", n)
	}
}

const vmLog = "/tmp/vms.log"

// countVMs puts a counter in front of erl, which starts every virtual machine.
func (s *site) countVMs() {
	s.Helper()
	s.atEnd("rm -f /usr/local/bin/erl " + vmLog)
	s.root("printf '#!/bin/sh\\necho vm >>" + vmLog + "\\nexec /usr/bin/erl \"$@\"\\n' >/usr/local/bin/erl && chmod 755 /usr/local/bin/erl")
}

// vms returns how many virtual machines were started since the last time.
func (s *site) vms() int {
	s.Helper()
	return strings.Count(s.root("cat "+vmLog+"; rm -f "+vmLog), "vm")
}
