package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMaxParallelIsANumberOrAPercentage(t *testing.T) {
	for given, want := range map[string]Share{"": {Hosts: 1}, "1": {Hosts: 1}, "40": {Hosts: 40}, "25%": {Percent: 25}, "100%": {Percent: 100}} {
		c, err := Load(Deploy, good(map[string]string{"max-parallel": given}))
		if err != nil || c.Fleet.Parallel != want {
			t.Errorf("max-parallel %q: %+v, %v", given, c.Fleet.Parallel, err)
		}
	}
	for given, why := range map[string]string{
		"0": "would switch no host at all", "0%": "would switch no host at all", "101%": "100% are the most", "four": "neither a whole number nor a percentage",
		"-1": "neither", "1.5": "neither", "50 %": "neither", "%": "neither", "99999999999999999999": "neither",
	} {
		if _, err := Load(Deploy, good(map[string]string{"max-parallel": given})); err == nil || !strings.Contains(err.Error(), "max-parallel: ") || !strings.Contains(err.Error(), why) {
			t.Errorf("max-parallel %q: %v", given, err)
		}
	}
}

func TestShardsAreAllHostsEachOnce(t *testing.T) {
	hosts := []string{"a", "b", "c", "d", "e", "f", "g"}
	for _, n := range []string{"1", "2", "3", "7"} {
		var all []string
		least, most := len(hosts), 0
		for k := '1'; k <= rune(n[0]); k++ {
			c, err := Load(Stage, good(map[string]string{"hosts": strings.Join(hosts, " "), "shard": string(k) + "/" + n}))
			if err != nil {
				t.Fatal(err)
			}
			least, most = min(least, len(c.Hosts)), max(most, len(c.Hosts))
			for _, h := range c.Hosts {
				all = append(all, h.Host)
			}
		}
		if !slices.Equal(all, hosts) || most-least > 1 {
			t.Errorf("%s parts: %v, of %d to %d hosts", n, all, least, most)
		}
	}
}

func TestAShardThatIsNotThere(t *testing.T) {
	for given, why := range map[string]string{
		"3/2": "there is no part 3 of 2", "0/2": "there is no part 0 of 2", "0/0": "no part", "2": "is not K/N", "1/x": "is not K/N", "4/4": "4 parts are more than the 3 hosts",
	} {
		if _, err := Load(Stage, good(map[string]string{"hosts": "a b c", "shard": given})); err == nil || !strings.Contains(err.Error(), "shard: ") || !strings.Contains(err.Error(), why) {
			t.Errorf("shard %q: %v", given, err)
		}
	}
}

func TestWhatHasToBeCurrent(t *testing.T) {
	for _, c := range []struct {
		verb  Verb
		given string
		want  Expected
		wrong string
	}{
		{Activate, "", Expected{}, ""},
		{Activate, "none", Expected{Given: true}, ""},
		{Activate, "20240101T000000", Expected{true, "20240101T000000"}, ""},
		{Activate, "yesterday", Expected{}, "expect-current: "},
		{Revert, "", Expected{}, "expect-current: missing"},
		{Revert, "none", Expected{}, "expect-current: "},
		{Revert, "20240101T000000", Expected{true, "20240101T000000"}, ""},
	} {
		got, err := Load(c.verb, good(map[string]string{"expect-current": c.given}))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s, %q: %v", c.verb, c.given, err)
			}
		} else if err != nil || got.Fleet.Expect != c.want {
			t.Errorf("%s, %q: %+v, %v", c.verb, c.given, got.Fleet.Expect, err)
		}
	}
}

func TestPauseFailuresAndPatience(t *testing.T) {
	c, err := Load(Deploy, good(map[string]string{"batch-pause": "30s", "max-failures": "2", "wait-for-lock": "0s"}))
	if err != nil || c.Fleet.Pause != 30*time.Second || c.Fleet.MaxFailures != 2 || c.WaitForLock != 0 {
		t.Errorf("%+v, %v, %v", c.Fleet, c.WaitForLock, err)
	}
	if c, err = Load(Rollback, good(nil)); err != nil || c.WaitForLock != 10*time.Minute {
		t.Errorf("%v, %v", c.WaitForLock, err)
	}
	_, err = Load(Deploy, good(map[string]string{"max-failures": "-1", "batch-pause": "soon"}))
	if err == nil || !strings.Contains(err.Error(), "max-failures: ") || !strings.Contains(err.Error(), "batch-pause: ") {
		t.Errorf("%v", err)
	}
}
