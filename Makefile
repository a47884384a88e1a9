# make demo   watch a release being built, deployed and rolled back on real hosts
# make check  lint and the tests that need no hosts (a minute)
# make test   make check, then each promise once on real hosts (less than 8 minutes)
# make full   make test, and everything in breadth: hours
# make chaos  break deploys and rollbacks at every point, in every way (an hour and a half)
# make power  cut the power 300 times
# make bad    deploy 100 releases that do not work
# make scale  deploy to 500 simulated hosts and print what that takes (5 minutes)
# make bench  measure Slipway and its peers on the same work, and write docs/benchmarks.md (half an hour)
# make servers set up Debian 11 and 13 and Ubuntu 22.04, 24.04 and 26.04, from here and from themselves; build, deploy and
#              fail on Debian 13 and Ubuntu 24.04 and 26.04 (40 minutes)
# make look   draw the comments and summaries of the tests as GitHub shows them, into look/
# All need Debian or Ubuntu, root and Go; they install what else they lack.

.PHONY: demo check test full breadth race fuzz chaos power bad scale bench servers look lint tools

# Labs of different targets would slow each other down.
.NOTPARALLEL:

demo:
	go run ./test/demo

# Each promise once on real hosts. The tests boot their hosts themselves; without root
# they skip, and with CI=true they fail instead. -count=1: what they test is also the
# machine. -p, -parallel: they wait for hosts most of the time. What takes longest begins
# first. The 20 slowest tests and the time are told in the end; the budget fails nothing.
test: tools check
	@began=$$(date +%s); \
	$(TOOL) gotestsum --format pkgname --hide-summary skipped --jsonfile $(TIMES) -- \
		-count=1 -p 3 -parallel 4 -timeout 45m ./test/setup ./test/hosts ./test/builds ./test/e2e ./test/fleet ./test/...; \
	status=$$?; \
	echo "The 20 slowest tests:"; $(TOOL) gotestsum tool slowest --num 20 --jsonfile $(TIMES); \
	took=$$(($$(date +%s) - began)); \
	echo "tests on hosts: $$((took / 60)) min $$((took % 60)) s; the budget, with make check, is $(BUDGET) min on two idle cores"; \
	exit $$status

BUDGET = 8
TIMES = $(or $(TMPDIR),/tmp)/slipway-test-times.json

# All of the fault matrix, of which make test runs a part; it takes an hour and a half.
chaos: tools
	CHAOS=full go test -count=1 -v -timeout 4h ./test/chaos

# What is pure, and fast: no hosts, no root.
check: lint
	go test $(PURE)

PURE = ./cmd/... ./internal/... ./actions/... .

full: test breadth race fuzz chaos power bad scale servers

# What make test has once, here in every way.
breadth: tools
	$(TOOL) gotestsum --format pkgname --hide-summary skipped --jsonfile $(TIMES) -- \
		-tags full -count=1 -p 2 -parallel 4 -timeout 4h ./test/...

race:
	go test -race $(PURE)

fuzz:
	go run ./test/fuzz $(PURE)

# Power cuts: more of them than in "make test", and other ones each time. What it
# prints first repeats them: make power SLIPWAY_POWER_SEED=...
SLIPWAY_POWER_CUTS ?= 300
SLIPWAY_POWER_SEED ?= $(shell date +%s)

power: tools
	SLIPWAY_POWER_CUTS=$(SLIPWAY_POWER_CUTS) SLIPWAY_POWER_SEED=$(SLIPWAY_POWER_SEED) \
		go test -count=1 -v -timeout 60m ./test/power

# make breadth has the same test with fewer of them.
bad: tools
	SLIPWAY_BAD_RELEASES=100 go test -tags full -count=1 -v -timeout 30m -run NoBadRelease ./test/hosts

# make test has the same tests with fewer hosts.
scale: tools
	SLIPWAY_SCALE_HOSTS=500 go test -count=1 -timeout 45m -v ./test/scale

# A program, and no test: what it measures is no promise of one machine. SLIPWAY_BENCH=full
# measures everything for hours, SLIPWAY_BENCH=quick shows in 8 minutes whether it works.
bench:
	go run ./test/bench

# What takes another base image, and Ansible on a host.
servers: tools
	go test -tags servers -count=1 -timeout 60m -v -run 'AnotherDistribution|Ubuntu|MachineItself|AnotherSuite' ./test/setup ./test/lab
	for suite in $(SUITES); do \
		SLIPWAY_LAB_SUITE=$$suite go test -tags full -count=1 -p 1 -timeout 30m -run '$(ON_SUITES)' ./test/hosts ./test/e2e || exit 1; \
	done

# Debian 13, Ubuntu 24.04 and 26.04 (sudo-rs, uutils, OpenSSH 10): all refusals of a host, builds, deploys, a bad
# release, rollbacks.
SUITES = trixie noble resolute
ON_SUITES = ^(TestEverythingThatIsWrongIsSaidAtOnce|TestEachFactByItself|TestDeployTwiceAndRollBack|TestReleaseThatDoesNotWorkIsPutBack)$$

# Pictures of what people see on GitHub: the comments and summaries of the tests.
look:
	go run ./test/look -open -o look internal/report/testdata/*.md.golden test/e2e/testdata/*.md.golden

# The Go tools are pinned in tools/go.mod, which keeps their dependencies out of
# the product's go.mod. What each of them looks for, and why not for more, is in
# staticcheck.conf, .shellcheckrc, .github/actionlint.yaml and ansible/.ansible-lint.
TOOL = go tool -modfile=tools/go.mod
TAGS = full,servers

lint:
	@go run ./test/lab/cmd/lab tools shellcheck ansible-lint
	@files=$$($(TOOL) gofumpt -l .) && test -z "$$files" || { echo "$(TOOL) gofumpt -w" $$files; exit 1; }
	go vet -tags $(TAGS) ./...
	$(TOOL) staticcheck -tags $(TAGS) ./...
	@dead=$$($(TOOL) deadcode -test -tags $(TAGS) ./...) && test -z "$$dead" || { echo "$$dead"; exit 1; }
	go test -count=1 ./test/lint
	go test -run '^TestLint$$' ./test/ansible

# The shells, ssh and the like that tests call; the hosts have their own.
tools:
	@go run ./test/lab/cmd/lab tools
