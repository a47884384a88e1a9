//go:build full

package managers_test

import "testing"

const addJust = "asdf plugin add just git@git.apxr.test:asdf-just.git </dev/null\n"

func TestAsdfChoosesTheVersion(t *testing.T) {
	each(t, both, func(t *testing.T, m *machine) {
		m.must("", addJust+"for v in 1.0.0 1.1.0 ref:main; do asdf install just $v </dev/null; done")

		m.exits("126", "", "just", "No version is set for command just")
		m.prints("just 1.0.0", "just 1.0.0 # as before\n", "mkdir -p a/b; cd a/b; just")
		m.prints("just 1.1.0", "just 1.0.0\n", "mkdir a; cd a; echo just 1.1.0 >.tool-versions; just")
		m.prints("just 1.1.0", "just 1.0.0\n", "export ASDF_JUST_VERSION=1.1.0; just")
		m.prints("just 1.0.0", "just 1.0.0\n", "asdf exec just")
		m.prints("just 1.0.0", "just 9.9.9 1.0.0\n", "just")
		m.prints("just main", "just ref:main\n", "just")
		m.prints("local", "just path:~/here\n", `trap 'rm -r ~/here' EXIT; mkdir -p ~/here/bin
printf '#!/bin/sh\necho local\n' >~/here/bin/just; chmod 755 ~/here/bin/just; just`)
		m.prints("system", "just system\n", `mkdir bin; printf '#!/bin/sh\necho system\n' >bin/just; chmod 755 bin/just
PATH="$PATH:$PWD/bin"; just`)
		m.prints("just 1.1.0", "", `trap 'rm ~/.tool-versions' EXIT; echo just 1.1.0 >~/.tool-versions; just`)

		m.prints("/home/deploy/.asdf/installs/just/1.1.0", "just 1.1.0\n", "asdf where just")
		m.exits("1", "", "asdf where just 9.9.9", "Version not installed")
		m.exits("1", "just system\n", "asdf where just", "System version is selected")
		m.exits("0", "just 1.0.0\n", "asdf current just", "1.0.0")
		m.exits("1", "just 9.9.9\n", "asdf current just", "asdf install just 9.9.9")
		m.exits("126", "", "asdf current just", "______")
		m.prints("*1.0.0\n  1.1.0\n  ref:main", "just 1.0.0\n", "asdf list just")
		m.exits("126", "", "asdf exec nothing", "unknown command: nothing")
	})
}

func TestAsdfVersionThatIsNotInstalled(t *testing.T) {
	each(t, both, func(t *testing.T, m *machine) {
		m.must("", addJust+"asdf install just 1.0.0 </dev/null")
		says := "No preset version installed for command just"
		if m.name == "asdf-rewrite" {
			says = "No version is set for command just" // since 0.16 it says so if there is any other version
		}
		m.exits("126", "just 9.9.9\n", "just", says)
		m.must("", "rm -r ~/.asdf/installs/just/1.0.0")
		m.exits("126", "just 9.9.9\n", "just", "No preset version installed for command just")
	})
}

func TestAsdfInstall(t *testing.T) {
	each(t, both, func(t *testing.T, m *machine) {
		m.exits("1", "", "asdf install just 1.0.0", "No such plugin: just")
		m.exits("1", "", "asdf plugin add nosuch", "not found in repository")
		m.exits("1", "", "asdf plugin add gone git@git.apxr.test:asdf-gone.git", "does not appear to be a git repository")
		m.exits("0", "", "asdf plugin add just", "") // by its short name
		m.exits("0", "", "asdf plugin add just", "already added")
		m.prints("just", "", "asdf plugin list")
		m.exits("1", "", "asdf install just", "No versions specified for just")
		m.exits("1", "just 1.0.0 9.9.9\n", "asdf install just", "no such version: 9.9.9")
		m.exits("0", "just 1.0.0\n", "asdf install", "is already installed")
		m.exits("1", "", "asdf install just ref:other", "no such ref: other")
		m.prints("no", "", "test -e ~/.asdf/installs/just/9.9.9 || echo no")
		m.prints("1.0.0\n1.1.0", "", "asdf list all just")
	})
}

// A tool without a plugin, one that fails, and special versions: `asdf install` differs most in these.
func TestAsdfInstallOfAFile(t *testing.T) {
	each(t, both, func(t *testing.T, m *machine) {
		classic := m.name == "asdf-classic"
		m.must("", addJust+"asdf plugin add nodejs </dev/null")
		if classic {
			m.exits("1", "just 1.0.0\nerlang 25.2.3\n", "asdf install", "erlang plugin is not installed")
			m.exits("1", "just 9.9.9\nnodejs 18.0.0\n", "asdf install", "no such version: 9.9.9")
			m.exits("1", "", "asdf where nodejs 18.0.0", "")
			m.exits("1", "just path:/opt/just\n", "asdf install", "no such version: path")
			m.exits("0", "just system\n", "asdf install", "")
		} else {
			m.exits("0", "just 1.0.0\nerlang 25.2.3\n", "asdf install", "installed just 1.0.0")
			m.exits("1", "just 9.9.9\nnodejs 18.0.0\n", "asdf install", "installed nodejs 18.0.0")
			m.exits("0", "", "asdf where nodejs 18.0.0", "")
			m.exits("0", "just path:/opt/just\n", "asdf install", "uninstallable version path of just")
			m.exits("1", "", "asdf install just system", "uninstallable version system of just")
		}
	})
}

func TestOnlyClassicAsdf(t *testing.T) {
	each(t, both[:1], func(t *testing.T, m *machine) {
		m.prints("v0.14.1-standin", "", "asdf --version")
		m.prints("function just 1.0.0", "", `exec bash -eu <<'X'
. ~/.asdf/asdf.sh
asdf plugin-add just </dev/null
asdf install just 1.0.0 </dev/null >/dev/null
asdf global just 1.0.0
echo "$(type -t asdf) $(just)"
rm ~/.tool-versions
X`)
		m.prints("just", "", "asdf plugin-list")
		m.prints("just 1.0.0", "", "asdf local just 1.0.0; just")
		m.exits("1", "", "asdf set just 1.0.0", "Unknown command")
	})
}

func TestOnlyTheRewriteOfAsdf(t *testing.T) {
	each(t, both[1:], func(t *testing.T, m *machine) {
		m.prints("asdf version v0.16.7 (revision standin)", "", "asdf --version")
		m.exits("0", "", "test ! -e ~/.asdf/asdf.sh", "")
		m.must("", "asdf plugin add just </dev/null; asdf install just 1.0.0 </dev/null")
		for _, gone := range []string{"plugin-add just", "plugin-list", "global just 1.0.0", "local just 1.0.0", "list-all just"} {
			m.exits("1", "", "asdf "+gone, "invalid command provided")
		}
		m.prints("just 1.0.0", "", "asdf set just 1.0.0; just")
		// Its shims look for it on the PATH.
		m.exits("127", "just 1.0.0\n", "PATH=$HOME/.asdf/shims:/usr/bin:/bin; just", "asdf: not found")
	})
}

func TestAsdfHonoursThePlugin(t *testing.T) {
	each(t, both, func(t *testing.T, m *machine) {
		const versions = "erlang 25.2.3\nelixir 1.14.0\n"
		m.must(versions, m.ensure)
		m.prints("/home/deploy/.asdf/installs/elixir/1.14.0/.mix", versions, `elixir -e 'IO.puts System.get_env("MIX_HOME")'`)
		m.prints("mine", versions, `export MIX_HOME=mine; elixir -e 'IO.puts System.get_env("MIX_HOME")'`)
		m.prints("an escript", versions, `dir=$(asdf where elixir)/.mix/escripts; mkdir -p $dir
printf '#!/bin/sh\necho an escript\n' >$dir/tell; chmod 755 $dir/tell; asdf reshim elixir 1.14.0; tell`)
	})
}
