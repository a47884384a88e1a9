//go:build full

package builds

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/managers"
	"github.com/apxr/slipway/test/sample"
)

// The real mise, and what stands in for asdf in both generations: builds after
// the first, other versions, and versions and tools that there are not.
func TestManagersInstallAndSelectWhatIsPinned(t *testing.T) {
	for name, by := range map[string]manager{"mise": mise, "asdf_classic": classic, "asdf_rewrite": {"asdf", asdf(managers.Rewrite)}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "with_"+name)
			s.managed(by)
			files := sample.Plain(s.app)
			files[".tool-versions"] = "# pinned\nerlang 25.2.3\nelixir 1.14.0-otp-25 # for this OTP\nnodejs 18.0.0\njust 1.0.0\n"
			p := s.publish(files)
			s.env["SLIPWAY_BEFORE_RELEASE"] = `test "$(node --version)" = v18.0.0 && just --version`
			s.isBuiltBy(by, "1.14.0-otp-25")
			_, again := s.build()
			if !strings.Contains(again, "compiled dependencies of an earlier build are reused") || strings.Contains(again, "installing") {
				t.Error("the second build installs, or starts from nothing")
			}
			s.Must(p.Replace(".tool-versions", "just 1.0.0", "just 9.9.9"))
			s.push(p, "no such version")
			s.refused(1, []string{"pins just 9.9.9, which " + by.name + " cannot install", "no such version: 9.9.9"})
			s.Must(p.Replace(".tool-versions", "just 9.9.9", "nothing_known 1"))
			s.push(p, "no such tool")
			s.refused(1, []string{"pins nothing_known"})
			s.Must(p.Replace(".tool-versions", "nothing_known 1", "just 1.1.0"))
			s.push(p, "another version")
			s.build()
		})
	}
}
