package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func TestWhatAnSSHDRefusesIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []string
		want    string
	}{
		"passwords alone":    {[]string{"PubkeyAuthentication no"}, "the server offers only password/keyboard-interactive: Slipway logs in with keys alone; enable PubkeyAuthentication in its sshd_config"},
		"a key and more":     {[]string{"AuthenticationMethods publickey,password"}, "and asks for password as well: Slipway logs in with keys alone; see AuthenticationMethods"},
		"old key exchange":   {[]string{"KexAlgorithms diffie-hellman-group14-sha1"}, "no common algorithm for key exchange: the server is too old; it offers only diffie-hellman-group14-sha1"},
		"newer key exchange": {[]string{"KexAlgorithms sntrup761x25519-sha512@openssh.com"}, "no common algorithm for key exchange: Slipway lacks those that the server allows; it offers only sntrup761x25519-sha512@openssh.com. Slipway has mlkem768x25519-sha256, curve25519-sha256, "},
		"other MACs":         {[]string{"Ciphers aes256-ctr", "MACs umac-128-etm@openssh.com"}, "no common algorithm for client to server MAC: Slipway lacks those that the server allows; it offers only umac-128-etm@openssh.com. Slipway has hmac-sha2-256-etm@openssh.com, "},
		"old ciphers":        {[]string{"Ciphers aes128-cbc,3des-cbc"}, "no common algorithm for client to server cipher: the server is too old; it offers only aes128-cbc, 3des-cbc"},
		"old MACs":           {[]string{"Ciphers aes128-ctr", "MACs hmac-sha1"}, "no common algorithm for client to server MAC: the server is too old; it offers only hmac-sha1"},
		"no such user":       {[]string{"AllowUsers somebody"}, "is not let in with this key: add its public half to"},
	} {
		s := startSSHD(t, append(c.options, "PasswordAuthentication yes", "KbdInteractiveAuthentication yes")...)
		err := s.logIn(t, Credentials{Key: pemOf(userKey())})
		wantError(t, err, "web1: ", c.want)
		t.Logf("%s: %v", name, err)
	}
}

func TestTooManyKeysOfAnAgentAreExplained(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	keys := agent.NewKeyring()
	for range 8 {
		must(t, keys.Add(agent.AddedKey{PrivateKey: ed25519Key()}))
	}
	err := s.logIn(t, Credentials{Agent: listenAgent(t, keys)})
	wantError(t, err, "web1: the server ends the login of "+s.User+" after too many keys; 8 were offered: give ssh-key")
}

// stuck is an agent that waits for a confirmation that never comes.
type stuck struct {
	agent.Agent
	asked chan struct{}
}

func (s stuck) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) {
	s.asked <- struct{}{}
	select {}
}

func TestAnAgentThatDoesNotSignIsLeftWithTheContext(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	keys := agent.NewKeyring()
	must(t, keys.Add(agent.AddedKey{PrivateKey: userKey()}))
	waits := stuck{keys, make(chan struct{}, 1)}
	a, err := NewAuth(Credentials{Agent: listenAgent(t, waits), KnownHosts: []byte(s.known())})
	must(t, err)
	defer a.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := dial(ctx, s.Target, a); ended <- err }()
	<-waits.asked
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Second):
		t.Error("it still waits")
	}
	l := &login{auth: a, stage: signing}
	wantError(t, l.explain(errSilent), "the SSH agent did not sign within 15s")
}

func TestAnAgentThatRefusesToSignIsNamed(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	keys := agent.NewKeyring()
	must(t, keys.Add(agent.AddedKey{PrivateKey: userKey()}))
	wantError(t, s.logIn(t, Credentials{Agent: listenAgent(t, refusing{keys})}), "web1: the SSH agent does not sign: ")
}

type refusing struct{ agent.Agent }

func (refusing) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) { return nil, errors.New("no") }

func addressOf(t *testing.T, addr string) Target {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	must(t, err)
	return Target{"deploy", host, port}
}

func TestAPeerThatIsNotAnSSHServerIsNamed(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	saying := func(text string) Target {
		return listen(t, func(conn net.Conn) {
			io.WriteString(conn, text)
			io.ReadAtLeast(conn, make([]byte, 100), 5)
		})
	}
	for name, c := range map[string]struct {
		target Target
		want   string
	}{
		"HTTP":               {addressOf(t, web.Listener.Addr().String()), `(it says "HTTP/1.1 400 Bad Request")`},
		"TLS alert":          {saying("\x15\x03\x01\x00\x02\x02\x16"), "(it says something in TLS)"},
		"mail":               {saying("220 mail.example.com ESMTP Postfix (Debian/GNU) and a lot of other words\r\n"), `(it says "220 mail.example.com ESMTP Postfix (Debi...")`},
		"a control sequence": {saying("\x1b[31m::error::\x07\n"), `(it says "[31m::error::")`},
		"a long line":        {saying(strings.Repeat("x", 100_000)), `(it says "` + strings.Repeat("x", 40) + `...")`},
	} {
		began := time.Now()
		_, err := dial(t.Context(), c.target, auth(t, userKey(), ""))
		wantError(t, err, "web1: what answers at "+c.target.addr()+" is not an SSH server ", c.want)
		if strings.ContainsAny(err.Error(), "\x1b\x07\n") {
			t.Errorf("%s: %q", name, err)
		}
		if time.Since(began) > 5*time.Second {
			t.Errorf("%s took %s", name, time.Since(began))
		}
	}
}

func TestFailedConnectionsAreExplained(t *testing.T) {
	t.Parallel()
	_, err := dial(t.Context(), Target{"deploy", "no-such-host.invalid", "22"}, auth(t, userKey(), ""))
	wantError(t, err, "web1: cannot connect: ", "no-such-host.invalid")
	for want, cause := range map[string]error{
		"cannot connect: there is no host named web1: is the name spelled right": &net.DNSError{Name: "web1", IsNotFound: true},
		"cannot connect: cannot look up the name web1: dial tcp: lookup web1":    &net.DNSError{Name: "web1", Err: "server misbehaving"},
		"cannot connect: nothing listens on web1:22 (connection refused)":        os.NewSyscallError("connect", syscall.ECONNREFUSED),
		"cannot connect: there is no route to web1:22: ":                         os.NewSyscallError("connect", syscall.EHOSTUNREACH),
		"there is no route to web1:22: ":                                         os.NewSyscallError("connect", syscall.ENETUNREACH),
		"cannot connect: no answer from web1:22 within 15s: ":                    &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded},
		"cannot connect: context canceled":                                       context.Canceled,
		"cannot connect: dial tcp: whatever":                                     errors.New("whatever"),
	} {
		err := explainConnect(&net.OpError{Op: "dial", Net: "tcp", Err: cause}, "web1:22")
		wantError(t, err, want)
		if !strings.HasPrefix(want, "cannot connect: nothing") && !strings.HasPrefix(want, "cannot connect: there is no host") && !errors.Is(err, cause) {
			t.Errorf("%v hides its cause", err)
		}
	}
}

// dropping returns an sshd behind a proxy that answers the first connections with
// these bytes and closes them, as sshd does when too many log in.
func dropping(t *testing.T, s *sshd, drops int32, says string) (Target, *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	return listen(t, func(conn net.Conn) {
		if count.Add(1) <= drops {
			io.WriteString(conn, says)
			return
		}
		back, err := net.Dial("tcp", s.addr())
		if err != nil {
			return
		}
		defer back.Close()
		go io.Copy(back, conn)
		io.Copy(conn, back)
	}), &count
}

func TestAConnectionThatIsDroppedBeforeTheKeyExchangeIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := startSSHD(t)
	for name, c := range map[string]struct {
		drops int32
		says  string
		want  string
		tries int32
	}{
		"once":               {1, "", "", 2},
		"twice":              {2, "Exceeded MaxStartups\r\n", "", 3},
		"after its version":  {1, "SSH-2.0-OpenSSH_9.2\r\n", "", 2},
		"each time":          {9, "", "accepts connections and closes them before an SSH handshake: ", 3},
		"and says why":       {9, "Exceeded MaxStartups\r\n", `before an SSH handshake (it says "Exceeded MaxStartups")`, 3},
		"barred for a while": {9, "Not allowed at this time\r\n", `bars this machine's address for now (it says "Not allowed at this time"): sshd punishes failed and broken logins (PerSourcePenalties), and others may share the address. By default that ends between 15 s and 10 min`, 1},
		"something else":     {9, "HTTP/1.1 400 Bad Request\r\n\r\n", "is not an SSH server (it says ", 1},
	} {
		target, count := dropping(t, s, c.drops, c.says)
		target.User = s.User
		began := time.Now()
		conn, err := dial(t.Context(), target, auth(t, userKey(), line(target, hostKey())))
		took := time.Since(began)
		if c.want == "" {
			must(t, err)
			conn.Close()
		} else {
			wantError(t, err, "web1: ", c.want)
		}
		if count.Load() != c.tries {
			t.Errorf("%s: %d tries, want %d", name, count.Load(), c.tries)
		}
		if least, most := time.Duration(c.tries-1)*200*time.Millisecond, time.Duration(c.tries-1)*time.Second+time.Second; took < least || took > most {
			t.Errorf("%s: took %s", name, took)
		}
	}
	// A refused login and an untrusted host are not tried again.
	for name, a := range map[string]func(Target) *Auth{
		"a wrong key":      func(to Target) *Auth { return auth(t, otherKey(), line(to, hostKey())) },
		"a wrong host key": func(to Target) *Auth { return auth(t, userKey(), line(to, newHostKey())) },
	} {
		target, count := dropping(t, s, 0, "")
		target.User = s.User
		if _, err := dial(t.Context(), target, a(target)); err == nil || count.Load() != 1 {
			t.Errorf("%s: %d tries, %v", name, count.Load(), err)
		}
	}
}

func TestABusySSHDIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := startSSHD(t, "MaxStartups 1")
	idle, err := net.Dial("tcp", s.addr())
	must(t, err)
	io.ReadFull(idle, make([]byte, 4)) // sshd serves this connection now
	time.AfterFunc(100*time.Millisecond, func() { idle.Close() })
	must(t, s.logIn(t, Credentials{Key: pemOf(userKey())}))
	if !strings.Contains(s.log.String(), "MaxStartups") {
		t.Error("it was not busy")
	}
}

func TestATryAgainEndsWithItsContext(t *testing.T) {
	t.Parallel()
	target := listen(t, func(net.Conn) {})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // shorter than the shortest pause, 200 ms
	defer cancel()
	began := time.Now()
	_, err := dial(ctx, target, auth(t, userKey(), ""))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 200*time.Millisecond {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}
