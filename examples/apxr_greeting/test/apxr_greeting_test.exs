defmodule ApxrGreetingTest do
  use ExUnit.Case, async: true

  doctest ApxrGreeting
end
