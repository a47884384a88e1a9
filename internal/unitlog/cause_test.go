package unitlog

import (
	"strings"
	"testing"
)

func TestCause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ log, want string }{
		"an application that exits at its start": {`
07:00:01.000 [notice] Application sample exited: exited in: Sample.Application.start(:normal, [])
    ** (EXIT) an exception was raised:
        ** (RuntimeError) the sample exits at start
            (sample 0.1.0) lib/sample/application.ex:9: Sample.Application.start/2
Kernel pid terminated (application_controller) ("{application_start_failure,sample,{bad_return,{{'Elixir.Sample.Application',start,[normal,[]]}}}}")
Crash dump is being written to: erl_crash.dump...done`, "RuntimeError: the sample exits at start"},
		"a child that does not start": {`
07:00:01.000 [notice] Application shopd exited: Shopd.Application.start(:normal, []) returned an error: shutdown: failed to start child: ShopdWeb.Endpoint
    ** (EXIT) shutdown: failed to start child: Bandit
        ** (EXIT) :eaddrinuse`, "failed to start child: Bandit: :eaddrinuse"},
		"a configuration that raises": {`
ERROR! Config provider Config.Reader failed with:
** (System.EnvError) could not fetch environment variable "DATABASE_URL" because it is not set
    (elixir 1.17.3) lib/system.ex:706: System.fetch_env!/1
Runtime terminating during boot ({#{message=><<99,111>>},[]})`, `EnvError: could not fetch environment variable "DATABASE_URL" because it is not set`},
		"a database": {`
07:00:01.000 [info] starting
07:00:01.204 [error] Postgrex.Protocol (#PID<0.9.0>) failed to connect: ** (Postgrex.Error) FATAL 28P01 (invalid_password) password authentication failed for user "shop"
07:00:02.204 [info] GET /health`, `Error: FATAL 28P01 (invalid_password) password authentication failed for user "shop"`},
		"a request that raises": {`
07:00:01.103 request_id=F_abcdef0001 [error] ** (KeyError) key :db not found in: %{}
    (shopd 0.4.0) lib/health.ex:9: Shopd.Health.call/2`, "KeyError: key :db not found in: %{}"},
		"a message without an exception": {`
07:00:01.103 [warning] slow
07:00:01.104 pid=<0.9.0> [error] cannot reach the cache at 10.0.0.7`, "cannot reach the cache at 10.0.0.7"},
		"a GenServer": {`
07:00:01.104 [error] GenServer Shopd.Stock terminating
** (stop) :no_stock
Last message: :boot`, "GenServer Shopd.Stock terminating: :no_stock"},
		"JSON": {`
{"severity":"info","message":"hello"}
{"severity":"error","message":"the queue amqp:5672 refuses","metadata":{}}`, "the queue amqp:5672 refuses"},
		"JSON with an exception": {`
{"severity":"ERROR","message":"Error: could not read file \"/etc/shop.pem\": no such file or directory\n    (elixir) lib/file.ex:1","metadata":{}}`, `Error: could not read file "/etc/shop.pem": no such file or directory`},
		"a crash report of Erlang": {`
=INFO REPORT==== 1-Dec-2026::07:00:00.100000 ===
    hello
=CRASH REPORT==== 1-Dec-2026::07:00:00.123456 ===
  crasher:
    initial call: application_master:init/3
    pid: <0.214.0>
    registered_name: []
    exception exit: {bad_return,{{stockd_app,start,[normal,[]]},{error,eacces}}}
      in function  application_master:init/3
=ERROR REPORT==== 1-Dec-2026::07:00:00.200000 ===
later`, "exception exit: {bad_return,{{stockd_app,start,[normal,[]]},{error,eacces}}}"},
		"a supervisor report": {`
=SUPERVISOR REPORT==== 1-Dec-2026::07:00:00.123456 ===
    supervisor: {local,stockd_sup}
    errorContext: start_error
    reason: {listen_error,http,eaddrinuse}
    offender: [{pid,undefined}]`, "reason: {listen_error,http,eaddrinuse}"},
		"an error report": {`
=ERROR REPORT==== 1-Dec-2026::07:00:00.123456 ===
** Generic server stock terminating
** Last message in was boot
** When Server state == []
** Reason for termination ==
** {badmatch,{error,enoent}}`, "Generic server stock terminating: {badmatch,{error,enoent}}"},
		"Erlang's logger on one line": {`
2026-12-01T07:00:00.123456+00:00 notice: hello
2026-12-01T07:00:00.123456+00:00 error: Supervisor: {local,stockd_sup}. Context: start_error. Reason: eaddrinuse.`, "Supervisor: {local,stockd_sup}. Context: start_error. Reason: eaddrinuse."},
		"lager": {`
2026-12-01 07:00:00.123 [info] <0.7.0> Application lager started on node nonode@nohost
2026-12-01 07:00:00.223 [error] <0.214.0>@stockd_srv:init:31 cannot open the ledger: enoent`, "<0.214.0>@stockd_srv:init:31 cannot open the ledger: enoent"},
		"only the VM's word": {`
{"Kernel pid terminated",application_controller,"{application_start_failure,stockd,{{shutdown,{failed_to_start_child,stock,enoent}},{stockd_app,start,[normal,[]]}}}"}
Kernel pid terminated (application_controller) ("{application_start_failure")`, `{"Kernel pid terminated",application_controller,"{application_start_failure,stockd,{{shutdown,{failed_to_start_child,stock,enoent}},{stockd_app,start,[normal,[]]}}}"}`},
		"an application that could not start": {`could not start application: stockd`, "could not start application: stockd"},
		"a program that is not there":         {`/opt/app/current/bin/app: 12: exec: erl: not found`, "/opt/app/current/bin/app: 12: exec: erl: not found"},
		"a library that is not there":         {`/opt/app/erts/bin/beam.smp: error while loading shared libraries: libtinfo.so.6: cannot open shared object file`, "/opt/app/erts/bin/beam.smp: error while loading shared libraries: libtinfo.so.6: cannot open shared object file"},
		"only systemd's word": {`
systemd[1]: Stopping shopd.service...
systemd[1]: shopd.service: Main process exited, code=exited, status=143/n/a
systemd[1]: Started shopd.service.
systemd[1]: shopd.service: Main process exited, code=exited, status=203/EXEC`, "exit status 203/EXEC"},
		"a status of the program's own": {"systemd[1]: shopd.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED", "exit status 3"},
		"a signal":                      {"systemd[1]: shopd.service: Main process exited, code=dumped, status=11/SEGV", "killed by signal 11/SEGV"},
		"no memory": {`
systemd[1]: shopd.service: A process of this unit has been killed by the OOM killer.
systemd[1]: shopd.service: Main process exited, code=killed, status=9/KILL`, "A process of this unit has been killed by the OOM killer."},
		"an exception with its message below": {`
07:00:01.104 [error] Task #PID<0.9.0> started from Shopd terminating
** (Ecto.NoResultsError)
expected at least one result but got none in query:
from s0 in Shopd.Stock`, "NoResultsError: expected at least one result but got none in query:"},
		"an error that comes before the one of the health URL": {`
07:00:01.104 [error] ** (RuntimeError) no mail server
07:00:01.204 [error] GET /up failed: the queue is full`, "GET /up failed: the queue is full"},
		"colours":     {"\x1b[31m07:00:01.104 [error] it is red\x1b[0m", "it is red"},
		"no reason":   {"07:00:01.104 [info] GET /health\n07:00:01.104 [info] error_page is on", ""},
		"nothing":     {"", ""},
		"bad UTF-8":   {"07:00:01.104 [error] \xff\xfe broken", "\uFFFD\uFFFD broken"},
		"many spaces": {"07:00:01.104 [error]   a \t b", "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Read(ofShopd(c.log)).Cause(get("/up")); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
	if got := Read(ofShopd("07:00:01 [error] " + strings.Repeat("é", 500))).Cause(Request{}); len([]rune(got)) != mostCause {
		t.Errorf("%d characters", len([]rune(got)))
	}
}
