package bellwether_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bellwether-ts/bellwether/tools/tidy"
)

// This file is the law of the house as data. What the rules mean and how they
// are checked is in tools/tidy; why they are there stands beside each row and
// in docs/decisions/0002-import-law.md. To change the law, change a row and
// say why.

const (
	labels    = "github.com/prometheus/prometheus/model/labels"
	histogram = "github.com/prometheus/prometheus/model/histogram"
	gonum     = "gonum.org/v1/gonum"
	yaml      = "go.yaml.in/yaml/v3"
)

const (
	whyNoun = "everybody imports the nouns, so what they drag in everybody drags in"
	whyPure = "anybody can embed an analysis, and it compiles and tests in seconds, only while it stays free of stores, networks and the other rooms; what two analyses share belongs to metric, what joins them to server"
	whyDoor = "a door leads from one room to one outside thing; server is where doors meet"
	whyFace = "server is the only place that knows all rooms; what is below it must not know it"
	whyCmd  = "cmd turns flags into calls of server, or of a running one through the contract, and nothing else, so that tests and embedders can do all a user can"
)

var law = tidy.Law{
	Module: "github.com/bellwether-ts/bellwether",
	Rooms: []tidy.Room{
		{Path: "metric", Layer: 0, Pure: true, Third: []string{labels, histogram}, Why: whyNoun},

		pure("detect", "detect/change"),
		pure("detect/change"),
		celPure("detect/custom", "detect"),
		pure("correlate"),
		pure("canary", "canary/stat", "canary/strict", "canary/words"),
		pure("canary/stat"),
		pure("canary/strict"),
		pure("canary/words"),
		pure("canary/kayenta", "canary", "canary/stat", "canary/strict", "canary/words"),
		pure("canary/report", "canary", "canary/stat"),
		pure("slo"),
		pure("alerting"),

		door("tsdb"),
		door("tsdb/ingest", "tsdb"),
		door("correlate/elastic", "correlate"),
		door("alerting/journal", "alerting"),
		door("alerting/notify", "alerting"),
		door("alerting/enrich", "alerting"),
		door("alerting/postgres", "alerting"),
		door("sim"),

		{Path: "proto", Layer: 3, Third: []string{tidy.Any}, Why: "the contract stands for itself"},
		face("server", "web"),
		face("web"),
		{Path: "cmd", Layer: 4, Own: []string{"server/...", "proto", "metric/..."}, Third: []string{tidy.Any}, Why: whyCmd},

		// Not part of the program: they may look at all of it.
		face("bench", "server/...", "web"),
		{Path: "tools", Layer: 5, Own: []string{"tools/..."}, Why: "a tool must build before anything else does"},
		{Path: ".", Layer: 5, Own: []string{"tools/..."}, Why: "the root holds tests of the whole, no code"},
	},
	Reserved: []tidy.Reserved{
		prometheus("tsdb"), prometheus("promql"), prometheus("scrape"), prometheus("storage"),
		prometheus("rules"), prometheus("discovery"), prometheus("config"), prometheus("notifier"),
		prometheus("web"), prometheus("plugins"),
		{Path: "github.com/olivere/elastic", By: []string{"correlate/elastic"},
			Why: "it is archived upstream; behind one interface it can be replaced"},
	},
}

// pure is a room of layer 1. The few third parties are small, well kept and do
// no I/O by themselves.
func pure(path string, own ...string) tidy.Room {
	return tidy.Room{
		Path: path, Layer: 1, Pure: true, Why: whyPure,
		Own:   append(own, "metric/..."),
		Third: []string{labels, histogram, gonum, yaml, "github.com/cespare/xxhash/v2"},
		Tests: []string{"sim"},
	}
}

// celPure may import the language of user detectors too: parsed and run in
// memory, no I/O (docs/decisions/0013-user-detectors.md).
func celPure(path string, own ...string) tidy.Room {
	r := pure(path, own...)
	r.Third = append(r.Third, "cel.dev/cel-go")
	return r
}

// door is a room of layer 2: the nouns, its parent, any third party.
func door(path string, parent ...string) tidy.Room {
	return tidy.Room{
		Path: path, Layer: 2, Why: whyDoor,
		Own:   append(parent, "metric/..."),
		Third: []string{tidy.Any},
		Tests: []string{"sim", "tsdb"},
	}
}

// face is a room of layer 3: everything below, and the contract.
func face(path string, own ...string) tidy.Room {
	below := []string{"metric/...", "detect/...", "correlate/...", "canary/...", "slo", "alerting/...", "tsdb/...", "sim", "proto"}
	return tidy.Room{
		Path: path, Layer: 3, Why: whyFace,
		Own:   append(own, below...),
		Third: []string{tidy.Any},
		Tests: []string{"server/...", "web"},
	}
}

func prometheus(pkg string) tidy.Reserved {
	return tidy.Reserved{
		Path: "github.com/prometheus/prometheus/" + pkg, By: []string{"tsdb/..."},
		Why: "prometheus/tsdb alone drags some 80 modules; behind one room the rest of the tree stays light and an upgrade is one room's work",
	}
}

// vendored holds other people's builds, with their licences.
var vendored = []string{"third_party"}

// packages is the tree, loaded once for all tests here.
var packages = sync.OnceValues(func() ([]tidy.Package, error) { return tidy.Load(".") })

func TestTidyImports(t *testing.T)   { judge(t, law.CheckImports) }
func TestTidyPurity(t *testing.T)    { judge(t, law.CheckPurity) }
func TestTidyDocs(t *testing.T)      { judge(t, tidy.CheckDocs) }
func TestTidyGenerated(t *testing.T) { judge(t, tidy.CheckGenerated) }

func TestTidyBuiltPage(t *testing.T) {
	report(t, tidy.CheckBuilt(tracked(t), os.ReadFile, vendored...))
}

func judge(t *testing.T, check func([]tidy.Package) []tidy.Offence) {
	t.Helper()
	p, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	if len(p) < 2 {
		t.Fatalf("found %d packages: the check looks at nothing", len(p))
	}
	report(t, check(p))
}

func report(t *testing.T, offences []tidy.Offence) {
	t.Helper()
	for _, o := range offences {
		t.Error(o)
	}
}

// tracked lists the files of the tree that git does not ignore.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-co", "--exclude-standard", "-z").Output()
	if err != nil {
		t.Skipf("cannot list files: %v; the check needs a git checkout", err)
	}
	var names []string
	for name := range bytes.SplitSeq(out, []byte{0}) {
		if len(name) > 0 {
			names = append(names, filepath.ToSlash(string(name)))
		}
	}
	return names
}

// TestTidyLawBites breaks the law in each way there is, room by room, with
// packages that exist only here. A law that lets one of these pass has a hole.
func TestTidyLawBites(t *testing.T) {
	source := func(file, imports string) tidy.Package {
		dir := file[:strings.LastIndexByte(file, '/')]
		f, err := tidy.ParseFile(file, []byte("package x\n\nimport _ \""+imports+"\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return tidy.Package{Path: dir, Files: []tidy.File{f}}
	}
	const us, prom = "github.com/bellwether-ts/bellwether/", "github.com/prometheus/prometheus/"
	f := func(bad bool, file, imports string) {
		t.Helper()
		p := []tidy.Package{source(file, imports)}
		got := append(law.CheckImports(p), law.CheckPurity(p)...)
		if bad != (len(got) > 0) {
			t.Errorf("%s importing %s: offences %v, want some: %v", file, imports, got, bad)
		}
	}
	f(false, "detect/a.go", us+"metric")
	f(false, "detect/a.go", "gonum.org/v1/gonum/stat")
	f(true, "detect/a.go", us+"slo")
	f(true, "detect/a.go", "cel.dev/cel-go/cel")
	f(false, "detect/custom/a.go", "cel.dev/cel-go/cel")
	f(true, "detect/custom/a.go", us+"slo")
	f(true, "slo/a.go", us+"alerting")
	f(true, "alerting/a.go", us+"alerting/journal")
	f(false, "alerting/journal/a.go", us+"alerting")
	f(true, "alerting/journal/a.go", us+"alerting/notify")
	f(false, "canary/a.go", us+"canary/stat")
	f(true, "canary/stat/a.go", us+"canary")
	f(true, "detect/a.go", "github.com/spf13/cobra")
	f(false, "detect/a_test.go", "pgregory.net/rapid")
	f(false, "detect/a_test.go", us+"sim")
	f(true, "detect/a_test.go", us+"canary")
	f(true, "detect/a_test.go", prom+"tsdb")
	f(true, "metric/a.go", us+"detect")
	f(true, "metric/a.go", "gonum.org/v1/gonum/stat")
	f(true, "correlate/a.go", "os")
	f(true, "canary/a.go", "log/slog")
	f(false, "tsdb/a.go", prom+"promql")
	f(true, "server/api/a.go", prom+"promql")
	f(false, "server/api/a.go", us+"tsdb/ingest")
	f(false, "server/a.go", us+"server/config")
	f(true, "web/a.go", us+"server")
	f(true, "tsdb/a.go", us+"server")
	f(true, "sim/a.go", us+"detect")
	f(false, "cmd/bellwether/a.go", us+"server/config")
	f(false, "cmd/bellwether/a.go", us+"proto/bellwether/v1")
	f(true, "cmd/bellwether/a.go", us+"detect")
	f(true, "server/a.go", us+"cmd/bellwether")
	f(true, "helpers/a.go", "fmt")
	f(true, "server/a.go", "github.com/olivere/elastic/v7")
}
