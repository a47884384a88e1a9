package lab

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
)

const (
	defaultWebHosts = 2
	// maxWebHosts keeps the last byte of a web host's address below 255.
	maxWebHosts   = 200
	firstWebOctet = 10
	// Bare hosts have the addresses above those of the web hosts.
	maxBareHosts   = 8
	firstBareOctet = 220
)

// Options choose what a lab consists of.
type Options struct {
	// Web is the number of web hosts, web1 to webN; 0 means 2.
	Web int
	// Bare is the number of bare hosts, bare1 to bareN, beside the others.
	Bare int
	// Hosts names exactly the hosts to boot ("build", "git", "web1", "bare1", ...), for tests that need others or fewer.
	// Empty means build, git, the web hosts and the bare hosts.
	Hosts []string
	// Suites are by host name: another release of this machine's distribution ("bullseye" on Debian) than the machine's
	// own, from the same mirror, if that has it; on Debian also Ubuntu's "jammy", "noble" and "resolute", from Ubuntu's.
	Suites map[string]string
	// Packages are packages of the distribution that web hosts have beside those of a web server.
	Packages []string
	// Saved names a state of these hosts. If a lab was saved under that name ([Lab.Save]), the hosts boot as they were
	// then, and the lab has the keys that it had; its addresses may be others. Whatever made that state has to be in the
	// name, as a digest: nothing else says whether it is still the right one.
	Saved func() (name string, err error)
	// Log gets a line for each thing that takes long, such as building a base image. Nil discards them.
	Log io.Writer
	// ByHand marks a lab that a person started from the command line, so that the command finds it again.
	ByHand bool
}

func (o Options) hostNames() ([]string, error) {
	if o.Web < 0 || o.Web > maxWebHosts {
		return nil, fmt.Errorf("%d web hosts: choose 1 to %d", o.Web, maxWebHosts)
	}
	if o.Bare < 0 || o.Bare > maxBareHosts {
		return nil, fmt.Errorf("%d bare hosts: choose 0 to %d", o.Bare, maxBareHosts)
	}
	names := o.named()
	if err := o.checkSuites(names); err != nil {
		return nil, err
	}
	return names, checkNames(names)
}

func (o Options) named() []string {
	if len(o.Hosts) > 0 {
		return o.Hosts
	}
	web := o.Web
	if web == 0 {
		web = defaultWebHosts
	}
	names := []string{"build", "git"}
	for i := range web {
		names = append(names, fmt.Sprintf("web%d", i+1))
	}
	for i := range o.Bare {
		names = append(names, fmt.Sprintf("bare%d", i+1))
	}
	return names
}

// OfSuite returns the options with all hosts of one suite, but the git host.
func (o Options) OfSuite(suite string) Options {
	o.Suites = map[string]string{}
	for _, name := range o.named() {
		if name != "git" {
			o.Suites[name] = suite
		}
	}
	return o
}

var suiteName = regexp.MustCompile(`^[a-z]+$`)

func (o Options) checkSuites(names []string) error {
	for host, suite := range o.Suites {
		switch {
		case !slices.Contains(names, host):
			return fmt.Errorf("suite %q of %s: there is no such host", suite, host)
		case !suiteName.MatchString(suite):
			return fmt.Errorf("suite %q of %s: write its code name, such as bullseye", suite, host)
		}
	}
	return nil
}

func checkNames(names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		if _, err := octet(name); err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("host %s is named twice", name)
		}
		seen[name] = true
	}
	return nil
}

var webName = regexp.MustCompile(`^web([1-9][0-9]{0,2})$`)

func isWeb(name string) bool { return webName.MatchString(name) }

var bareName = regexp.MustCompile(`^bare([1-9])$`)

func isBare(name string) bool { return bareName.MatchString(name) }

// octet is the last byte of a host's address. It follows from the name alone, so that a lab can be described by
// its number and its names.
func octet(name string) (int, error) {
	switch name {
	case "build":
		return 2, nil
	case "git":
		return 3, nil
	}
	if m := webName.FindStringSubmatch(name); m != nil {
		if i, err := strconv.Atoi(m[1]); err == nil && i <= maxWebHosts {
			return firstWebOctet + i, nil
		}
	}
	if m := bareName.FindStringSubmatch(name); m != nil {
		if i, err := strconv.Atoi(m[1]); err == nil && i <= maxBareHosts {
			return firstBareOctet + i, nil
		}
	}
	return 0, fmt.Errorf("no such host: %q (hosts are build, git, web1 to web%d, and bare1 to bare%d)", name, maxWebHosts, maxBareHosts)
}
