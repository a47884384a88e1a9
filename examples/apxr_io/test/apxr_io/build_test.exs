defmodule ApxrIo.BuildTest do
  use ExUnit.Case, async: true

  alias ApxrIo.Build

  @revision "0123456789abcdef0123456789abcdef01234567"

  test "the version is the application's own" do
    assert Build.read(nil).version == Mix.Project.config()[:version]
  end

  test "outside of a release the revision is unknown" do
    assert Build.read(nil).revision == "unknown"
  end

  @tag :tmp_dir
  test "in a release the revision is what the file REVISION holds", %{tmp_dir: release_root} do
    File.write!(Path.join(release_root, "REVISION"), @revision <> "\n")

    assert Build.read(release_root).revision == @revision
  end

  @tag :tmp_dir
  test "a release without the file REVISION is refused", %{tmp_dir: release_root} do
    assert_raise File.Error, ~r/REVISION/, fn -> Build.read(release_root) end
  end

  @tag :tmp_dir
  test "a file REVISION without a commit ID is refused", %{tmp_dir: release_root} do
    File.write!(Path.join(release_root, "REVISION"), "main\n")

    assert_raise RuntimeError, ~r/commit ID, but it holds "main"/, fn ->
      Build.read(release_root)
    end
  end
end
