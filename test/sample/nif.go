package sample

// WithNIF has a function in C. A compiler in its mix.exs runs make, as
// elixir_make does; MODULE.Native.add(1, 2) is 3.
func WithNIF(app string) map[string]string {
	files := project(app, "releases: ["+app+": [include_erts: true]]", "compilers: [:nif | Mix.compilers()]")
	module := camel(app)
	files[".gitignore"] += "/priv/\n"
	files["mix.exs"] += nifCompiler
	files["Makefile"] = "priv/nif.so: c_src/nif.c\n\tmkdir -p priv\n\t$(CC) -O2 -fPIC -shared -I\"$(ERTS_INCLUDE_DIR)\" -o $@ $< -lm\n"
	files["c_src/nif.c"] = `#include <erl_nif.h>
#include <math.h>

static ERL_NIF_TERM add(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[])
{
	int a, b;
	if (!enif_get_int(env, argv[0], &a) || !enif_get_int(env, argv[1], &b))
		return enif_make_badarg(env);
	return enif_make_int(env, a + (int)fmod(b, 1e9)); // so that a library is needed
}

static ErlNifFunc functions[] = {{"add", 2, add, 0}};

ERL_NIF_INIT(Elixir.` + module + `.Native, functions, NULL, NULL, NULL, NULL)
`
	files["lib/native.ex"] = `defmodule ` + module + `.Native do
  @on_load :load

  def load, do: :erlang.load_nif(:filename.join(:code.priv_dir(:` + app + `), 'nif'), 0)

  def add(_a, _b), do: :erlang.nif_error(:not_loaded)
end
`
	return files
}

const nifCompiler = `
defmodule Mix.Tasks.Compile.Nif do
  use Mix.Task.Compiler

  @impl true
  def run(_args) do
    include = Path.join([:code.root_dir(), "erts-#{:erlang.system_info(:version)}", "include"])
    options = [env: [{"ERTS_INCLUDE_DIR", include}], stderr_to_stdout: true, into: IO.stream()]

    case System.cmd("make", [], options) do
      {_, 0} -> Mix.Project.build_structure()
      {_, status} -> Mix.raise("make failed with status #{status}")
    end

    :ok
  end
end
`
