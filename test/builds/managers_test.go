package builds

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/managers"
	"github.com/apxr/slipway/test/sample"
)

// The real mise, and what stands in for asdf, written from asdf's documentation.
func TestManagersInstallAndSelectWhatIsPinned(t *testing.T) {
	for name, install := range map[string]func(context.Context, *lab.Lab, *lab.Host) error{
		"mise": managers.InstallMise,
		"asdf_classic": func(ctx context.Context, l *lab.Lab, h *lab.Host) error {
			return managers.InstallAsdf(ctx, l, h, managers.Classic)
		},
		"asdf_rewrite": func(ctx context.Context, l *lab.Lab, h *lab.Host) error {
			return managers.InstallAsdf(ctx, l, h, managers.Rewrite)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "by_"+name)
			w.must(managers.RemoveManagers(t.Context(), w.host))
			w.must(install(t.Context(), w.lab, w.host))
			t.Cleanup(func() { w.must(managers.RemoveManagers(lateContext(), w.host)) })
			files := sample.Plain(w.app)
			files[".tool-versions"] = "# pinned\nerlang 25.2.3\nelixir 1.14.0-otp-25 # for this OTP\nnodejs 18.0.0\njust 1.0.0\n"
			p := w.publish(files)
			w.env["SLIPWAY_BEFORE_RELEASE"] = `test "$(node --version)" = v18.0.0 && just --version`
			kind, _, _ := strings.Cut(name, "_")
			id, said := w.build()
			if !strings.Contains(said, "Erlang/OTP 25.2.3 from "+kind) {
				t.Errorf("it does not say that the tools are %s's", kind)
			}
			if m := w.manifest(id); m.Elixir != "1.14.0" || m.OTP != "25.2.3" || m.ToolVersions == "" {
				t.Errorf("the manifest says Elixir %s, OTP %s", m.Elixir, m.OTP)
			}
			used, err := managers.Used(t.Context(), w.host)
			w.must(err)
			for _, tool := range []string{"elixir 1.14.0-otp-25", "erlang 25.2.3"} {
				if !slices.Contains(used, tool) {
					t.Errorf("%s was not used: %q", tool, used)
				}
			}
			_, again := w.build()
			if !strings.Contains(again, "mix compiles what has changed") || strings.Contains(again, "installing") {
				t.Error("the second build installs, or starts from nothing")
			}
			w.must(p.Replace(".tool-versions", "just 1.0.0", "just 9.9.9"))
			w.push(p, "no such version")
			w.refused(1, []string{".tool-versions pins just 9.9.9, which " + kind + " cannot install", "no such version: 9.9.9"})
			w.must(p.Replace(".tool-versions", "just 9.9.9", "nothing_known 1"))
			w.push(p, "no such tool")
			w.refused(1, []string{".tool-versions pins nothing_known"})
			w.must(p.Replace(".tool-versions", "nothing_known 1", "just 1.1.0"))
			w.push(p, "another version")
			w.build()
		})
	}
}
