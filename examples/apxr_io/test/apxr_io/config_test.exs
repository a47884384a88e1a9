defmodule ApxrIo.ConfigTest do
  # The environment is global.
  use ExUnit.Case, async: false

  setup do
    before = System.get_env("PORT")
    on_exit(fn -> System.put_env([{"PORT", before}]) end)
  end

  test "the port is 4001" do
    assert port(nil) == 4001
  end

  test "PORT takes its place" do
    assert port("4002") == 4002
  end

  test "a malformed PORT is refused" do
    for value <- ["", "http", "80x", "0", "65536"] do
      message = "PORT must be a number from 1 to 65535, but it is #{inspect(value)}"
      assert_raise RuntimeError, message, fn -> port(value) end
    end
  end

  defp port(value) do
    System.put_env([{"PORT", value}])
    Config.Reader.read!("config/runtime.exs", env: :prod)[:apxr_io][:port]
  end
end
