package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// goTest runs go test with the arguments and boils its stream down to counts,
// the reasons of skipped tests and the output of failed ones. Vet has a step
// of its own, so it is off here.
func goTest(env []string, args ...string) result { return goTestIn(".", env, args...) }

// goTestIn is goTest in the module of another folder.
func goTestIn(dir string, env []string, args ...string) result {
	cmd := exec.Command("go", append([]string{"-C", dir, "test", "-json", "-vet=off"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return verdict("cannot start go test", err)
	}
	r := readEvents(stdout)
	if err := cmd.Wait(); err != nil && r.failed == 0 {
		return verdict(stderr.String(), fmt.Errorf("go test: %w", err))
	}
	if r.failed > 0 {
		r.output += stderr.String()
	}
	return r
}

// event is one line of `go test -json` (go doc cmd/test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // Set on build-output.
}

// fold is what was read so far of an event stream.
type fold struct {
	result
	text     map[string]string // What each test (package + " " + test), package or build printed.
	packages map[string]bool   // Those with at least one test.
	blamed   map[string]bool   // Packages whose failure a test already explains.
	failures []string          // Keys of text, in order of failure.
}

// readEvents reads the stream to its end. Only top-level tests are counted:
// how a test splits itself into subtests is its own affair.
func readEvents(in io.Reader) result {
	f := fold{text: map[string]string{}, packages: map[string]bool{}, blamed: map[string]bool{}}
	for dec := json.NewDecoder(in); ; {
		var e event
		if err := dec.Decode(&e); err != nil {
			break // The end, or a crash of go test itself, which its exit code tells.
		}
		f.add(e)
	}
	f.note = fmt.Sprintf("%d passed, %d failed in %d packages", f.passed, f.failed, len(f.packages))
	slices.Sort(f.skipped)
	for _, key := range f.failures {
		f.output += "--- " + strings.TrimSpace(key) + "\n" + f.text[key]
	}
	return f.result
}

// add takes one event in.
func (f *fold) add(e event) {
	key := e.Package + " " + e.Test
	switch {
	case e.Action == "output":
		f.text[key] += e.Output
	case e.Action == "build-output":
		f.text[e.ImportPath+" (build)"] += e.Output
	case e.Action == "build-fail":
		f.failures = append(f.failures, e.ImportPath+" (build)")
	case e.Test == "" && e.Action == "fail":
		// A package fails with its tests; without one (a build error, an
		// exit, a timeout) it is a failure of its own.
		if !f.blamed[e.Package] {
			f.failed++
			f.failures = append(f.failures, key)
		}
	case e.Test != "":
		f.test(e, key)
	}
}

// test takes the end of one test in.
func (f *fold) test(e event, key string) {
	top := !strings.Contains(e.Test, "/")
	switch e.Action {
	case "run":
		f.packages[e.Package] = true
	case "pass":
		if top {
			f.passed++
		}
	case "skip":
		f.skipped = append(f.skipped, skipReason(e, f.text[key]))
	case "fail":
		if top {
			f.failed++
		}
		f.blamed[e.Package] = true
		f.failures = append(f.failures, key)
	}
}

// skipReason is the package, the test and the sentence it gave.
func skipReason(e event, said string) string {
	why := "no reason given"
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if _, after, ok := strings.Cut(line, ".go:"); ok { // "file_test.go:12: reason"
			_, line, _ = strings.Cut(after, ": ")
		}
		why = line
		break
	}
	_, short, _ := strings.Cut(e.Package, "bellwether-ts/bellwether")
	return fmt.Sprintf(".%s %s: %s", short, e.Test, why)
}
