package lab

import (
	"fmt"
	"io"
	"regexp"
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
	// Hosts names exactly the hosts to boot ("build", "git", "web1", "bare1", ...), for tests that need others or fewer.
	// Empty means build, git and the web hosts.
	Hosts []string
	// Log gets a line for each thing that takes long, such as building a base image. Nil discards them.
	Log io.Writer
	// ByHand marks a lab that a person started from the command line, so that the command finds it again.
	ByHand bool
}

func (o Options) hostNames() ([]string, error) {
	if o.Web < 0 || o.Web > maxWebHosts {
		return nil, fmt.Errorf("%d web hosts: choose 1 to %d", o.Web, maxWebHosts)
	}
	if len(o.Hosts) > 0 {
		return o.Hosts, checkNames(o.Hosts)
	}
	web := o.Web
	if web == 0 {
		web = defaultWebHosts
	}
	names := []string{"build", "git"}
	for i := range web {
		names = append(names, fmt.Sprintf("web%d", i+1))
	}
	return names, nil
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
