package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/server"
)

const sides = `--baseline track="stable" --canary track="canary" `

// The life of a run as it is typed: start it, find it, read it, end it.
func TestCanaryRunsAreCommanded(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server; run without -short")
	}
	t.Setenv(serverVariable, startServer(t))
	dir := t.TempDir()
	do := func(line string, wantCode int, wants ...string) string {
		t.Helper()
		code, out, errs := typed(t.Context(), strings.Fields(strings.ReplaceAll(line, "DIR", dir))...)
		if code != wantCode {
			t.Fatalf("%s: exit code %d, want %d; %s%s", line, code, wantCode, out, errs)
		}
		for _, want := range wants {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%s: %q is not in\n%s%s", line, want, out, errs)
			}
		}
		return strings.TrimSpace(out)
	}
	do("canary list", 0, "No canary runs match.")
	id := do("canary run --service cart "+sides+"--key deploy-7 --metric errors=sum(x{$side}) --critical errors --warmup 1m --step 30s --history 2h --judge mad --max-percentile 99 --false-fail 0.02", 0)
	if again := do("canary run --service cart "+sides+"--key deploy-7 --metric errors=sum(x{$side}) --critical errors --warmup 1m --step 30s --history 2h --judge mad --max-percentile 99 --false-fail 0.02", 0); again != id {
		t.Errorf("the same key started %s and then %s", id, again)
	}
	do("canary run --service cart "+sides+"--key deploy-7 --step 5s", 1, "has it and was asked for with another")
	do("canary list", 0, id, "running", "cart", "0 looks")
	do("canary list --state done", 0, "No canary runs match.")
	do("canary show "+id, 0, `canary service="cart",track="canary" against service="cart",track="stable"`, "Nothing is judged yet.")
	do("canary show "+id+" -o json", 0, `"critical": true`, `"max_percentile": 99`, `"warmup": "60s"`, `"step": "30s"`, `"history": "7200s"`, `"key": "deploy-7"`)
	do("canary report "+id, 0, "### Canary cart: INCONCLUSIVE", "The run has not looked yet")
	do("canary cancel "+id, 0, id+" is canceled after 0 looks; its verdict is -.")
	do("canary list --state canceled -o json", 0, `"id": "`+id+`"`)
	do("canary watch "+id, 30)
	do("canary show ca-none", 1, `cannot find canary run "ca-none"`)
	do("canary watch ca-none", 1, `cannot find canary run "ca-none"`)
	do("canary run --gate nothing "+sides, 1, `"nothing"`)

	do("canary run --name silent "+sides+"--max-duration 2s --look-every 1s --wait --web https://bw.example --report DIR/a.html --report DIR/a.md --report DIR/a.json --junit DIR/a.xml --github", 30,
		"::error title=Canary silent%3A NO_DATA::")
	for file, want := range map[string]string{"a.html": "<title>NO_DATA: Canary silent</title>", "a.md": "(<https://bw.example/v1/canaries/ca-", "a.json": `"verdict_word": "NO_DATA"`, "a.xml": `errors="`} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %q is not in %s (%v)", file, want, data, err)
		}
	}
	do("canary run --name told "+sides+"--max-duration 1s --look-every 1s --wait --web mailto:me --report DIR/b.html", 30, "cannot link to", "NO_DATA")
	do("canary retrospect --name past --metric g=sum(g{$side}) "+sides+"--from 2h --to 1h --report DIR/c.html --report DIR/c.xml", 30, "NO_DATA")
	if data, _ := os.ReadFile(filepath.Join(dir, "c.html")); !strings.Contains(string(data), "<title>NO_DATA: Canary past</title>") {
		t.Errorf("the report of a past window is %q", data)
	}
}

// A spec in a file, as JSON or YAML, with flags over it.
func TestCanarySpecFile(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server; run without -short")
	}
	t.Setenv(serverVariable, startServer(t))
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	full := file("canary.yaml", `
key: from-the-file
spec:
  service: cart
  baseline: track="stable"
  canary: track="canary"
  max_duration: 1800s
  look_every: 30s
  policy: {judge: mad, false_fail: 0.02}
  on_undecided: UNDECIDED_ACTION_FAIL
  metrics:
    - {name: errors, query: 'sum(increase(errors_total{$side}[1m]))', kind: METRIC_KIND_COUNT, direction: BAD_DIRECTION_INCREASE, min_effect: 2, critical: true}
`)
	for _, c := range []struct {
		args  string
		code  int
		wants []string
	}{
		{"--spec " + full, 0, nil},
		{"--spec " + full + " --judge native --metric g=sum(g{$side}) --key other --max-duration 10m", 0, nil},
		{"--spec " + file("typo.json", `{"spec": {"baseline": "a=\"1\"", "canray": "a=\"2\""}}`), 1, []string{"cannot read --spec", "canray", "/openapi.json"}},
		{"--spec " + file("bare.json", `{"key": "k"}`), 1, []string{`it has no "spec"`}},
		{"--spec " + filepath.Join(dir, "gone.yaml"), 1, []string{"cannot read --spec"}},
	} {
		code, out, errs := typed(t.Context(), strings.Fields("canary run "+c.args)...)
		if code != c.code {
			t.Fatalf("%s: exit code %d, want %d: %s%s", c.args, code, c.code, out, errs)
		}
		for _, want := range c.wants {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%s: %q is not in %s%s", c.args, want, out, errs)
			}
		}
		if c.code != 0 {
			continue
		}
		id := strings.TrimSpace(out)
		wants := []string{`"key": "from-the-file"`, `"judge": "mad"`, `"max_duration": "1800s"`, `"look_every": "30s"`, "UNDECIDED_ACTION_FAIL", "METRIC_KIND_COUNT", `"min_effect": 2`, `"false_fail": 0.02`}
		if strings.Contains(c.args, "--judge") {
			wants = []string{`"key": "other"`, `"judge": "native"`, `"max_duration": "600s"`, `"look_every": "30s"`, "UNDECIDED_ACTION_FAIL", `"name": "errors"`, `"name": "g"`}
		}
		_, shown, _ := typed(t.Context(), "canary", "show", id, "-o", "json")
		for _, want := range wants {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: %s is not in %s", c.args, want, shown)
			}
		}
	}
}

// A server that comes back within --reconnect is waited for; one that does not
// is an error, and the run's verdict is not made up.
func TestWaitSurvivesARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server; run without -short")
	}
	address, dir := freePort(t), t.TempDir()
	stop := serveOn(t, address, dir)
	var errs lockedBuffer
	done := make(chan int, 1)
	go func() {
		args := strings.Fields("canary run --name phoenix " + sides + "--max-duration 5s --look-every 1s --wait --server " + address)
		done <- run(t.Context(), args, strings.NewReader(""), io.Discard, &errs)
	}()
	errs.await(t, "note: look ")
	stop()
	errs.await(t, "note: lost the server; the run goes on there, trying again for 10m")
	stop = serveOn(t, address, dir)
	if code := <-done; code != 30 {
		t.Errorf("exit code %d, want 30; %s", code, errs.String())
	}
	stop()
	code, _, text := typed(t.Context(), strings.Fields("canary watch ca-1 --server "+address)...)
	if code != exitError || !strings.Contains(text, "cannot reach the server at "+address) {
		t.Errorf("without a server: exit code %d, %s", code, text)
	}
}

// An interrupt leaves the run going, or ends it where that was asked for.
func TestInterruptSaysWhatBecomesOfTheRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server; run without -short")
	}
	t.Setenv(serverVariable, startServer(t))
	f := func(more, want, state string) {
		t.Helper()
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		var errs lockedBuffer
		done := make(chan int, 1)
		go func() {
			done <- run(ctx, strings.Fields("canary run --name long "+sides+"--wait "+more), strings.NewReader(""), io.Discard, &errs)
		}()
		id := regexp.MustCompile(`ca-[0-9a-f]+`).FindString(errs.await(t, "note: run ca-"))
		interrupt()
		if code := <-done; code != exitError || !strings.Contains(errs.String(), want) {
			t.Errorf("exit code %d, standard error %q; want %q", code, errs.String(), want)
		}
		if _, out, _ := typed(t.Context(), "canary", "show", id); !strings.Contains(out, state) {
			t.Errorf("the run is %q, want %s", out, state)
		}
	}
	f("", "goes on; 'bellwether canary watch ca-", "running")
	f("--cancel-on-interrupt", "was canceled", "canceled")
}

// serveOn runs the service on a gRPC address until stop is called.
func serveOn(t *testing.T, address, dir string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, server.Options{StoragePath: dir, WebAddress: "127.0.0.1:0", GRPCAddress: address, Log: io.Discard,
			Ready: func(server.Addresses) { close(ready) }})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatalf("server did not start: %v", err)
	}
	return stop
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// await returns what was written once it holds the text.
func (b *lockedBuffer) await(t *testing.T, text string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if s := b.String(); strings.Contains(s, text) {
			return s
		}
	}
	t.Fatalf("%q was not said: %s", text, b.String())
	return ""
}
