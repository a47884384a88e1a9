defmodule Shop.Selftest do
  @moduledoc "What a release needs of its unit's sandbox, and what it must not be able to do there."

  def run do
    for {name, check} <- checks(), do: IO.puts("#{name}: #{outcome(check)}")
    :ok
  end

  defp outcome(check) do
    check.()
  rescue
    error -> "raised " <> Exception.message(error)
  catch
    kind, reason -> "#{kind} #{inspect(reason)}"
  end

  defp checks do
    root = System.fetch_env!("RELEASE_ROOT")

    [
      crypto: fn -> byte_size(:crypto.hash(:sha256, :crypto.strong_rand_bytes(32))) end,
      ssl: fn ->
        port = String.to_integer(System.fetch_env!("TLS_PORT"))
        {:ok, socket} = :ssl.connect('localhost', port, [verify: :verify_none], 5000)
        {:ok, _} = :ssl.peercert(socket)
        "ok"
      end,
      port: fn -> String.trim(elem(System.cmd("echo", ["from a port"]), 0)) end,
      memory: fn -> Keyword.fetch!(:memsup.get_system_memory_data(), :total_memory) > 0 end,
      processor: fn -> is_number(:cpu_sup.util()) end,
      disks: fn -> length(:disksup.get_disk_data()) > 0 end,
      node: fn -> "#{Node.self()} #{Node.alive?()}" end,
      temporary: fn -> File.write!(Path.join(System.fetch_env!("RELEASE_TMP"), "selftest"), "x") end,
      release: fn -> inspect(File.write(Path.join(root, "selftest"), "x")) end,
      code: fn -> inspect(File.write(Path.join([root, "lib", "selftest"]), "x")) end,
      current: fn -> inspect(File.rm("/opt/apxr/shop/current")) end,
      etc: fn -> inspect(File.write("/etc/selftest", "x")) end,
      home: fn -> inspect(File.ls("/home")) end,
      device: fn -> inspect(File.exists?("/dev/kmsg")) end
    ]
  end
end
