package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const asProgram = "TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestTheProgramSeesItsArgumentsAndItsEnvironment(t *testing.T) {
	cmd := exec.Command(os.Args[0], "deploy", "--app", "Apxr")
	cmd.Env = []string{asProgram + "=1", "SLIPWAY_UNITS=-rf", "SLIPWAY_HELTH_URL=x"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("%v", err)
	}
	for _, want := range []string{`app: "Apxr" is not`, `units: "-rf" is not`, "Did you mean SLIPWAY_HEALTH_URL?"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
