package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// step is one line of the report.
type step struct {
	name  string
	about string // What it protects, for -list.
	again string // How a person runs only this.
	part  bool   // Also covered by another step: runs only when named.
	do    func() result
}

// steps is the whole gate, cheapest first: what fails in a second should not
// wait behind what takes minutes.
func steps() []step {
	return []step{
		{name: "gofmt", about: "every Go file is formatted", again: "make fmt", do: gofmt},
		{name: "tidy", about: "import law, purity, docs (tidy_test.go)", part: true,
			again: "go test -run TestTidy .",
			do:    func() result { return goTest(nil, "-run", "^TestTidy", ".") }},
		{name: "vet", about: "go vet on everything", again: "go vet ./...",
			do: func() result { return verdict(output("go", "vet", "./...")) }},
		{name: "tools", about: "buf, the generators and the bundler are in bin/", again: "tools/install.sh all",
			do: func() result { return verdict(output("tools/install.sh", "all")) }},
		{name: "proto-lint", about: "the contract follows buf's rules and is formatted", again: "make fmt && bin/buf lint",
			do: protoLint},
		{name: "proto-breaking", about: "the contract breaks nobody", again: "tools/proto-breaking.sh",
			do: func() result { return noted(output("tools/proto-breaking.sh")) }},
		{name: "generated", about: "generated code and built page are those of their source",
			again: "make proto web", do: func() result { return noted(output("tools/check-generated.sh")) }},
		{name: "build", about: "the binary builds, static", again: "make build",
			do: func() result { return verdict(output("make", "--no-print-directory", "build")) }},
		{name: "test", about: "unit, property, real-server, docs and tidy tests", again: "go test ./...",
			do: func() result { return goTest(nil, "./...") }},
		{name: "conformance", about: "Argo Rollouts and Flagger understand us: their own packages (deploy/conformance)",
			again: "cd deploy/conformance && go test ./...", do: conformance},
		{name: "race", about: "race detector where goroutines meet (RACE)", again: "CGO_ENABLED=1 go test -race PACKAGE",
			do: race},
		{name: "fuzz", about: "each fuzz target for FUZZTIME", again: "make fuzz", do: fuzz},
	}
}

// output runs a command and returns what it printed on both streams.
func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	return string(out), err
}

// noted is verdict with the command's own words as the note of the line.
func noted(out string, err error) result {
	r := verdict(out, err)
	if err == nil {
		r.note = strings.ReplaceAll(strings.TrimSpace(out), "\n", "; ")
	}
	return r
}

func gofmt() result {
	files, err := exec.Command("git", "ls-files", "-co", "--exclude-standard", "--deduplicate", "*.go").Output()
	if err != nil {
		return verdict("cannot list Go files with git ls-files", err)
	}
	var args []string
	for f := range strings.FieldsSeq(string(files)) {
		if _, err := os.Stat(f); err == nil { // Listed but removed: not our concern.
			args = append(args, f)
		}
	}
	out, err := output("gofmt", append([]string{"-l"}, args...)...)
	if err == nil && out != "" {
		err = errors.New("these files are not formatted")
	}
	return verdict(out, err)
}

func protoLint() result {
	out, err := output("bin/buf", "lint")
	if err == nil {
		out, err = output("bin/buf", "format", "-d", "--exit-code", "proto")
	}
	return verdict(out, err)
}

// conformance runs the module of deploy/conformance, whose modules come from
// the registry once. Its tests build the server they ask.
func conformance() result {
	if out, err := output("go", "-C", "deploy/conformance", "vet", "./..."); err != nil {
		return verdict(out, err)
	}
	return goTestIn("deploy/conformance", nil, "./...")
}

// race runs the tests of the packages in RACE under the race detector, which
// is the one thing here that needs a C compiler.
func race() result {
	var packages []string
	for p := range strings.FieldsSeq(os.Getenv("RACE")) {
		dir := strings.TrimSuffix(p, "/...")
		if _, err := os.Stat(dir); err == nil {
			packages = append(packages, p)
		}
	}
	if len(packages) == 0 {
		return result{skipped: []string{"race: RACE names no package of this tree"}}
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		why := "race: the race detector needs a C compiler and there is no gcc (Debian: apt-get install gcc libc6-dev)"
		if os.Getenv("BELLWETHER_REQUIRE_SERVERS") != "" {
			return result{failed: 1, output: why}
		}
		return result{skipped: []string{why}}
	}
	return goTest([]string{"CGO_ENABLED=1"}, append([]string{"-race"}, packages...)...)
}

// fuzz counts each target as one test.
func fuzz() result {
	out, err := output("tools/fuzz.sh")
	var r result
	for line := range strings.Lines(out) {
		switch {
		case strings.HasPrefix(line, "ok "):
			r.passed++
		case strings.HasPrefix(line, "FAIL "):
			r.failed++
		}
	}
	if err != nil && r.failed == 0 {
		r.failed = 1
	}
	r.note = fmt.Sprintf("%d targets", r.passed+r.failed)
	if r.failed > 0 {
		r.output = string(bytes.TrimSpace([]byte(out)))
	}
	return r
}
