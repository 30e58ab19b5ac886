//go:build unix

package doctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// RequireEnv names the environment variable that turns a missing program of
// needs= from a skip into a failure.
const RequireEnv = "BELLWETHER_REQUIRE_SERVERS"

// Runner runs documents.
type Runner struct {
	Root string // The tree, linked into each workspace.
	Bin  string // A folder put first on PATH.
}

// Run executes the blocks of a document in order, each as a subtest named by
// its line. After a failure the rest of the document is not run: a page is
// read, and works, from top to bottom.
func (r Runner) Run(t *testing.T, d Document) {
	work := t.TempDir()
	if err := r.furnish(work); err != nil {
		t.Fatal(err)
	}
	for _, b := range d.Blocks {
		ok := t.Run(fmt.Sprintf("line %d", b.Line), func(sub *testing.T) {
			if why := b.unwanted(); why != "" {
				sub.Skip(why)
			}
			if b.Needs != "" && os.Getenv(RequireEnv) != "" {
				if _, err := exec.LookPath(b.Needs); err != nil {
					sub.Fatalf("%s is not installed, and %s is set: run make servers", b.Needs, RequireEnv)
				}
			}
			if b.Until != "" {
				r.background(t, sub, b, work)
				return
			}
			if err := r.foreground(b, work); err != nil {
				sub.Fatalf("%s:%d: %v", d.Name, b.Line, err)
			}
		})
		if !ok {
			t.Fatalf("%s: the commands after line %d were not run", d.Name, b.Line)
		}
	}
}

// unwanted is why a block is skipped, or "".
func (b Block) unwanted() string {
	if b.Skip != "" {
		return b.Skip
	}
	if b.Needs != "" && os.Getenv(RequireEnv) == "" {
		if _, err := exec.LookPath(b.Needs); err != nil {
			return b.Needs + " is not installed: run make servers"
		}
	}
	return ""
}

// furnish makes the workspace look like a checkout. What builds leave behind
// is left out, so that a page cannot lean on it.
func (r Runner) furnish(work string) error {
	entries, err := os.ReadDir(r.Root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".git" || e.Name() == "bin" || e.Name() == "build" {
			continue
		}
		if err := os.Symlink(filepath.Join(r.Root, e.Name()), filepath.Join(work, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// command is the script of a block, ready to start in a process group of its
// own, so that what it starts can be stopped with it.
func (r Runner) command(ctx context.Context, b Block, work string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", b.Script)
	cmd.Dir = work
	cmd.Env = append(os.Environ(),
		"PATH="+r.Bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+work, "NO_COLOR=1", "TERM=dumb", "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// foreground runs a block to its end and judges exit code and output.
func (r Runner) foreground(b Block, work string) error {
	ctx, cancel := context.WithTimeout(context.Background(), b.Timeout)
	defer cancel()
	cmd := r.command(ctx, b, work)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	said := fmt.Sprintf("\n%s\nstdout:\n%sstderr:\n%s", indent(b.Script), indent(stdout.String()), indent(stderr.String()))
	if ctx.Err() != nil {
		return fmt.Errorf("not done after %s:%s", b.Timeout, said)
	}
	code := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if code != b.Exit {
		return fmt.Errorf("exit code %d, want %d:%s", code, b.Exit, said)
	}
	if b.Output != nil && !matches(*b.Output, stdout.String()) {
		return fmt.Errorf("the output is not what the page shows:%s\nthe page shows:\n%s", said, indent(*b.Output))
	}
	return nil
}

// background starts a block and returns once its URL answers. The process ends
// with t, the test of the document, and must then stop within ten seconds of
// SIGTERM: what a page starts, Ctrl-C must stop.
func (r Runner) background(t, sub *testing.T, b Block, work string) {
	cmd := r.command(context.Background(), b, work)
	var out bytes.Buffer // Read only once the process has ended.
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		sub.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // How it ends is judged by what it printed and when.
	}()
	stop := func() (clean bool) {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-done:
			return true
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
			return false
		}
	}
	if err := await(b.Until, b.Timeout, done); err != nil {
		stop()
		sub.Fatalf("%v\n%s\nit printed:\n%s", err, indent(b.Script), indent(out.String()))
	}
	t.Cleanup(func() {
		if !stop() {
			t.Errorf("line %d: still running ten seconds after SIGTERM; it printed:\n%s", b.Line, indent(out.String()))
		}
	})
}

// await asks the URL until it answers 200.
func await(url string, timeout time.Duration, ended <-chan struct{}) error {
	client := http.Client{Timeout: 5 * time.Second}
	deadline := time.After(timeout)
	for {
		if resp, err := client.Get(url); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended before %s answered", url)
		case <-deadline:
			return fmt.Errorf("%s did not answer within %s", url, timeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func indent(s string) string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n"
}
