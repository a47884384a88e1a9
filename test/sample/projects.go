package sample

import (
	"fmt"
	"maps"
	"path"
	"strings"
)

// Each of these returns the files of a small mix project, by their names: what
// [PublishTree] takes. An app is a name as in mix.exs, e.g. "shop".

// Plain is one application with one release of the same name.
func Plain(app string) map[string]string {
	return project(app, "releases: ["+app+": [include_erts: true]]")
}

// WithTar also makes a tarball of its release.
func WithTar(app string) map[string]string {
	return project(app, "releases: ["+app+": [include_erts: true, steps: [:assemble, :tar]]]")
}

// NoReleases names no release; mix then makes one of the application.
func NoReleases(app string) map[string]string { return project(app) }

// SeveralReleases has the releases web and worker, and mix must be told which.
func SeveralReleases(app string) map[string]string {
	return project(app, "releases: [web: [include_erts: true], worker: [include_erts: true]]")
}

// Subdirectory is Plain in a directory of its repository.
func Subdirectory(app, dir string) map[string]string {
	files := below(dir, Plain(app))
	files["README.md"] = "The application is in " + dir + ".\n"
	return files
}

// BrokenCompile calls a function that there is not.
func BrokenCompile(app string) map[string]string {
	files := Plain(app)
	files["lib/broken.ex"] = "defmodule Broken do\n  def run, do: no_such_function()\nend\n"
	return files
}

// BadMixExs has a mix.exs that is no Elixir.
func BadMixExs(app string) map[string]string {
	files := Plain(app)
	files["mix.exs"] = strings.Replace(files["mix.exs"], "[\n", "[[\n", 1)
	return files
}

// WithoutMixExs is no mix project.
func WithoutMixExs(app string) map[string]string {
	files := Plain(app)
	delete(files, "mix.exs")
	return files
}

// WithAssets cannot be compiled before a command has made its JavaScript, as in
//
//	printf 'alert(1)' > priv/static/app.js
func WithAssets(app string) map[string]string {
	files := Plain(app)
	files[".gitignore"] += "/priv/static/app.js\n"
	files["priv/static/robots.txt"] = "" // git keeps no empty directory
	files["lib/assets.ex"] = `defmodule Assets do
  @external_resource "priv/static/app.js"
  @script File.read!("priv/static/app.js")

  def script, do: @script
end
`
	return files
}

// EnvReader cannot be compiled without CANARY in the environment.
func EnvReader(app string) map[string]string {
	files := Plain(app)
	files["lib/canary.ex"] = `defmodule Canary do
  System.get_env("CANARY") || raise "CANARY is not set"
  IO.puts("CANARY is set")
end
`
	return files
}

// Umbrella is several applications below apps/, with one release of them all.
func Umbrella(release string, apps ...string) map[string]string {
	var all []string
	for _, app := range apps {
		all = append(all, app+": :permanent")
	}
	return umbrella(apps, fmt.Sprintf("releases: [%s: [applications: [%s], include_erts: true]]", release, strings.Join(all, ", ")))
}

// UmbrellaWithoutReleases is one of which mix can make no release.
func UmbrellaWithoutReleases(apps ...string) map[string]string { return umbrella(apps) }

func umbrella(apps []string, settings ...string) map[string]string {
	settings = append([]string{`apps_path: "apps"`, `version: "0.1.0"`, "start_permanent: Mix.env() == :prod", "deps: []"}, settings...)
	files := map[string]string{
		"mix.exs":    "defmodule Umbrella.MixProject do\n  use Mix.Project\n\n" + function("project", settings) + "end\n",
		".gitignore": ignored,
	}
	for _, app := range apps {
		maps.Copy(files, below("apps/"+app, project(app,
			`build_path: "../../_build"`, `config_path: "../../config/config.exs"`,
			`deps_path: "../../deps"`, `lockfile: "../../mix.lock"`)))
	}
	return files
}

const ignored = "/_build/\n/deps/\n"

// project is an application that starts a supervisor.
func project(app string, settings ...string) map[string]string {
	module := camel(app)
	settings = append([]string{
		"app: :" + app, `version: "0.1.0"`, `elixir: "~> 1.14"`, "start_permanent: Mix.env() == :prod",
	}, settings...)
	started := []string{"mod: {" + module + ", []}", "extra_applications: [:logger]"}
	return map[string]string{
		".gitignore": ignored,
		"mix.exs": "defmodule " + module + ".MixProject do\n  use Mix.Project\n\n" +
			function("project", settings) + "\n" + function("application", started) + "end\n",
		"lib/" + app + ".ex": `defmodule ` + module + ` do
  use Application

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([], strategy: :one_for_one, name: ` + module + `.Supervisor)
  end
end
`,
	}
}

// function is a function of mix.exs that returns a list.
func function(name string, settings []string) string {
	return "  def " + name + " do\n    [\n      " + strings.Join(settings, ",\n      ") + "\n    ]\n  end\n"
}

// camel is the module's name of an app: ApxrIo for apxr_io.
func camel(app string) string {
	var name strings.Builder
	for _, word := range strings.Split(app, "_") {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}

func below(dir string, files map[string]string) map[string]string {
	moved := map[string]string{}
	for name, content := range files {
		moved[path.Join(dir, name)] = content
	}
	return moved
}
