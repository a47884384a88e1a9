package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
)

// machine is this machine in general words.
type machine struct {
	Processors int
	Arch       string
	Memory     int // GB
	System     string
}

func thisMachine() (m machine, err error) {
	m = machine{Processors: runtime.NumCPU(), Arch: map[string]string{"amd64": "x86-64", "arm64": "ARM64"}[runtime.GOARCH]}
	memory, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m, err
	}
	m.Memory = int(math.Round(float64(number(string(memory), "MemTotal")) / (1 << 20)))
	system, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return m, err
	}
	_, name, _ := strings.Cut(string(system), `PRETTY_NAME="`)
	m.System, _, _ = strings.Cut(name, `"`)
	return m, nil
}

func (m machine) String() string {
	return fmt.Sprintf("an %s machine with %d processors and %d GB of memory, %s", m.Arch, m.Processors, m.Memory, m.System)
}
