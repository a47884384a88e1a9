package host_test

import (
	"flag"
	"os"
	"testing"
)

// Most of a test's time here goes by with waiting, as for a BEAM that boots. So
// more tests run at the same time than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
