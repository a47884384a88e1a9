//go:build full

package setup

import "testing"

func TestAConsole(t *testing.T) {
	s := liveSite(t)
	s.ok([]string{"shop"}, "logs", s.web.Addr, "--follow=false")
	console := s.Command("console", s.web.Addr)
	s.typed(console, "iex(shop@127.0.0.1)1>", "node()\r", ":\"shop@127.0.0.1\"", "Shop.version()\r", "\"0.1.0\"", "\x03", "(a)bort", "a\r")
}

func TestAConsoleIsAChoice(t *testing.T) {
	s := liveSite(t)
	closed := map[string]string{"hosts": "[web-servers]\n" + s.web.Addr + "\n", "slipway_allow_console": "false"}
	s.ok(nil, "setup", "--inventory", s.inventoryWith(closed))
	s.red(1, []string{"slipway_allow_console"}, "eval", s.web.Addr, ":ok")
	closed["slipway_allow_console"] = "true"
	s.ok(nil, "setup", "--inventory", s.inventoryWith(closed))
	s.ok([]string{"from the unit\n"}, "eval", s.web.Addr, "IO.puts(System.get_env(\"GREETING\"))")
}
