package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

// demo is a lab with a developer's repository in it, and somebody who tells
// what happens.
type demo struct {
	out     io.Writer
	dir     string
	lab     *lab.Lab
	project *sample.Project
	step    int
}

// run plays the whole demo. The lab is ended in any case, also after Ctrl-C.
func run(ctx context.Context, out io.Writer) (err error) {
	began := time.Now()
	d := &demo{out: out}
	if d.dir, err = os.MkdirTemp("", "slipway-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	d.tell("Boot four hosts with systemd, sshd and sudo: a build server, a git server, web1 and web2.",
		"The web servers have no Erlang. The first time ever, their base image is made, which takes a minute.")
	if d.lab, err = lab.Start(ctx, lab.Options{Log: out}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.lab.Stop()) }()
	if err := d.play(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThat was it, in %.0f s. The hosts are gone. 'go run ./test/lab/cmd/lab up' boots some for you to play with.\n", time.Since(began).Seconds())
	return nil
}

func (d *demo) play(ctx context.Context) error {
	if err := d.prepare(ctx); err != nil {
		return err
	}
	if err := d.release(ctx, "apxr_io 0.1.0"); err != nil {
		return err
	}
	d.tell("Change the application: version 0.1.1, and another greeting.")
	if err := errors.Join(d.project.SetVersion("0.1.0", "0.1.1"), d.project.Replace("lib/apxr_io/pages.ex", `ApxrGreeting.from("`, `ApxrGreeting.from("the new `)); err != nil {
		return err
	}
	if err := d.release(ctx, "apxr_io 0.1.1: another greeting"); err != nil {
		return err
	}
	d.tell("Something is wrong with 0.1.1? Roll back. It needs the web servers and nothing else: no git, no build server.")
	if err := d.slipway(ctx, nil, "rollback"); err != nil {
		return err
	}
	if err := d.showHealth(ctx); err != nil {
		return err
	}
	d.tell("What lies on the servers now:")
	return d.slipway(ctx, nil, "releases")
}

// prepare does what stands before the first deploy.
func (d *demo) prepare(ctx context.Context) (err error) {
	d.tell("Prepare the web servers for apxr/apxr_io, once, as root: users, directories, the unit, four exact sudo rules.",
		"No deploy needs root after this.")
	if err := d.lab.PrepareApp(ctx, lab.App{Org: "apxr", Name: "apxr_io", Port: sample.Port}); err != nil {
		return err
	}
	d.project, err = sample.Publish(ctx, d.lab, filepath.Join(d.dir, "developer"))
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", d.program(), "./cmd/slipway")
	build.Dir = sample.Root()
	build.Stdout, build.Stderr = d.out, d.out
	return build.Run()
}

// release pushes a commit, builds it, deploys it and shows that it runs.
func (d *demo) release(ctx context.Context, message string) error {
	revision, err := d.project.Push(ctx, message)
	if err != nil {
		return err
	}
	d.tell(fmt.Sprintf("A developer pushes %q, commit %.12s. Build exactly that commit on the build server,", message, revision),
		"with the tools that .tool-versions pins and the dependencies that mix.lock locks, and with ERTS packed in.")
	var id bytes.Buffer
	if err := d.slipway(ctx, &id, "build-release", "--revision", revision); err != nil {
		return err
	}
	d.tell("Deploy it: stage and verify it on both web servers, then switch, restart and prove one after the other.")
	if err := d.slipway(ctx, nil, "deploy", "--release-id", strings.TrimSpace(id.String())); err != nil {
		return err
	}
	return d.showHealth(ctx)
}

func (d *demo) program() string { return filepath.Join(d.dir, "slipway") }

// slipway runs the command line, and shows the call; what is the same in every
// one of them stands in the environment.
func (d *demo) slipway(ctx context.Context, stdout io.Writer, args ...string) error {
	fmt.Fprintf(d.out, "\n$ slipway %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, d.program(), args...)
	cmd.Env = append(os.Environ(), sample.Settings(d.lab)...)
	cmd.Stdout, cmd.Stderr = d.out, d.out
	if stdout != nil {
		cmd.Stdout = io.MultiWriter(d.out, stdout)
	}
	// A killed deploy would leave its repair to a next run that never comes.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("slipway %s: %w", args[0], err)
	}
	return nil
}

// showHealth asks every web server from outside, as a visitor would: on port 80,
// which the server redirects to the application's port.
func (d *demo) showHealth(ctx context.Context) error {
	fmt.Fprintln(d.out)
	for _, h := range d.lab.WebHosts() {
		answer, err := get(ctx, "http://"+h.Addr+"/health")
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "%s  http://%s/health  %s\n", h.Name, h.Addr, answer)
	}
	return nil
}

func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return strings.TrimSpace(string(body)), err
}

// tell narrates the next step.
func (d *demo) tell(lines ...string) {
	d.step++
	fmt.Fprintf(d.out, "\n[%d] %s\n", d.step, strings.Join(lines, "\n    "))
}
