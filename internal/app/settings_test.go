package app

import (
	"strings"
	"testing"
)

func TestMistakesInSettings(t *testing.T) {
	deploy := func(words ...string) []string {
		return append([]string{"deploy", "--release-id", "20171114T072116"}, words...)
	}
	for name, c := range map[string]struct {
		words       []string // NAME=VALUE is a variable
		says, never []string
	}{
		"no hosts":                      {deploy("SLIPWAY_HOSTS="), []string{"hosts: missing. The web servers, each as [user@]name[:port]"}, nil},
		"a host list of commas":         {deploy("SLIPWAY_HOSTS= , ,"), []string{`hosts: no host is named in ", ,"`}, nil},
		"a host twice":                  {deploy("SLIPWAY_HOSTS=192.0.2.2 192.0.2.2"), []string{"hosts: 192.0.2.2 is listed twice"}, nil},
		"a host in two ways":            {deploy("SLIPWAY_HOSTS=deploy@192.0.2.2:22,192.0.2.2"), []string{"hosts: 192.0.2.2 is listed twice"}, nil},
		"keep one release":              {deploy("--keep-releases", "1"), []string{`keep-releases: "1" is not a whole number of at least 2`, "a rollback needs the release before"}, nil},
		"a health URL of another kind":  {deploy("--health-url", "ftp://127.0.0.1/health"), []string{"health-url: this is not an http or https URL", "such as http://127.0.0.1:4001/health"}, nil},
		"a health URL that is none":     {deploy("--health-url", "127.0.0.1:4001"), []string{"health-url: this is not an http or https URL"}, nil},
		"a health URL elsewhere":        {deploy("--health-url", "http://example.com/"), []string{"health-url: its server is not on the host: name 127.0.0.1, localhost or [::1]"}, nil},
		"a line that is no variable":    {deploy("SLIPWAY_ENV=A=1\n\nhunter2 is the password\n"), []string{"env-file: line 3 is not NAME=VALUE"}, []string{"hunter2"}},
		"half a pair of quotes":         {deploy("SLIPWAY_ENV=A=1\nPASSWORD='hunter2\n"), []string{"env-file: line 2: the value of PASSWORD starts with a quote"}, []string{"hunter2"}},
		"deploy to the root":            {deploy("--deploy-to", "/"), []string{`deploy-to: "/" is not an absolute path of at least two plain names, such as /opt/apxr/apxr_io`}, nil},
		"deploy to a relative path":     {deploy("--deploy-to", "opt/apxr/shop"), []string{`deploy-to: "opt/apxr/shop" is not an absolute path`}, nil},
		"deploy to a path that goes up": {deploy("--deploy-to", "/opt/apxr/../apxr/shop"), []string{`deploy-to: "/opt/apxr/../apxr/shop" is not an absolute path`}, nil},
		"settle too long":               {deploy("--settle", "10s", "--health-timeout", "10s"), []string{"settle: 10s is not shorter than health-timeout (10s)"}, nil},
		"several":                       {deploy("--deploy-to", "/", "--keep-releases", "1", "--settle", "soon"), []string{"3 mistakes", "deploy-to: ", "keep-releases: ", "settle: "}, nil},
		"a file that is not there":      {deploy("--ssh-key-file", "/no/such", "--keep-releases", "1"), []string{"2 mistakes", "ssh-key: open /no/such: no such file or directory; --ssh-key-file and SLIPWAY_SSH_KEY_FILE name a file", "keep-releases: "}, []string{"ssh-key: missing"}},
		"a directory for a file":        {deploy("SLIPWAY_SSH_KEY=", "SLIPWAY_SSH_KEY_FILE=/"), []string{"1 mistake ", "ssh-key: read /: is a directory; "}, nil},
		"a key among others":            {deploy("SLIPWAY_SSH_KEY=hunter2", "--keep-releases", "1"), []string{"2 mistakes", "ssh-key: this is not a private key", "keep-releases: "}, []string{"hunter2"}},
		"an ID that goes up":            {[]string{"deploy", "--release-id", "../x"}, []string{`release-id: release ID "../x" is not a UTC time stamp like 20171114T072116`}, nil},
		"an empty ID":                   {[]string{"deploy", "--release-id", ""}, []string{"release-id: missing. The release to deploy"}, nil},
		"a long ID":                     {[]string{"deploy", "--release-id", "20171114T0721160"}, []string{`release-id: release ID "20171114T0721160" is not a UTC`}, nil},
		"an ID that looks like a flag":  {[]string{"deploy", "--release-id", "-rf"}, []string{`release-id: release ID "-rf" is not`}, nil},
		"a rollback to no ID":           {[]string{"rollback", "--release-id", "-rf"}, []string{`release-id: release ID "-rf" is not`}, nil},
		"a look with a key that is none": {
			[]string{"logs", "192.0.2.2", "SLIPWAY_SSH_KEY=hunter2"}, []string{"1 mistake ", "ssh-key: this is not a private key"}, []string{"hunter2"},
		},
	} {
		w := newWorld()
		settings := complete(t)
		for name, setting := range map[string]string{"APP": "app", "BUILD_HOST": "build-host", "HOSTS": "hosts", "SSH_KEY": "ssh-key", "KNOWN_HOSTS": "known-hosts"} {
			w.env[variables+name] = settings[setting]
		}
		for _, word := range c.words {
			if variable, value, isVariable := strings.Cut(word, "="); isVariable {
				w.env[variable] = value
			} else {
				w.Args = append(w.Args, word)
			}
		}
		t.Run(name, func(t *testing.T) {
			w.cli(t, exitUsage, c.says...)
			for _, word := range c.never {
				if strings.Contains(w.errOut.String(), word) {
					t.Errorf("it says %q:\n%s", word, w.errOut.String())
				}
			}
		})
	}
}
