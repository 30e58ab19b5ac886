package custom

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// TestDialogues runs the conversations in testdata/*.txt. Commands:
//
//	check             the YAML below: its description, or every fault of it
//	run               the YAML below becomes the detectors; none yet known
//	reload            the YAML below replaces them
//	series REF NAME   a gauge; counter=true a counter
//	feed REF...       one value a minute from where the feed before ended: "3x5 4"
//	                  is 3 three times... written VALUExTIMES; several REF take
//	                  the lines in their order
//	remove REF        the series is gone
//	explain REF       the traces of its detectors
//	list              how the detectors do
func TestDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			return
		}
		d := &dialogue{t: t, at: 1_767_225_600_000}
		datadriven.RunTest(t, path, func(t *testing.T, c *datadriven.TestData) string {
			d.out.Reset()
			d.do(c)
			return d.out.String()
		})
	})
}

type dialogue struct {
	t   *testing.T
	r   *Runner
	at  int64
	out strings.Builder
}

func (d *dialogue) say(format string, args ...any) { fmt.Fprintf(&d.out, format+"\n", args...) }

func (d *dialogue) do(c *datadriven.TestData) {
	switch c.Cmd {
	case "check":
		ds, err := Parse("my.yaml", []byte(c.Input))
		if err != nil {
			d.say("%v", err)
		}
		for _, x := range ds {
			d.out.WriteString(x.String())
		}
	case "run", "reload":
		d.load(c)
	case "series":
		ref, name, _ := strings.Cut(c.CmdArgs[0].String()+" "+strings.TrimSpace(c.Input), " ")
		ls, err := metric.ParseSeries(name)
		if err != nil {
			d.t.Fatal(err)
		}
		meta := detect.Meta{Kind: detect.MetricGauge}
		if c.HasArg("counter") {
			meta.Kind = detect.MetricCounter
		}
		d.r.Add(number(d.t, ref), ls, meta)
	case "feed":
		d.feed(c)
	case "remove":
		d.r.Remove(number(d.t, c.CmdArgs[0].Key), d.at)
	case "explain":
		for name, tr := range d.r.Explain(number(d.t, c.CmdArgs[0].Key)) {
			tr.StateHash = 0 // It changes with every field anybody adds to a judge.
			d.say("%s: %s", name, strings.TrimSpace(tr.String()))
		}
	case "list":
		for _, s := range d.r.List() {
			d.say("%s", s)
			if s.Disabled != "" {
				d.say("  %s", s.Disabled)
			}
			for _, f := range s.Faults {
				d.say("  %s", f.Why)
			}
			for why, n := range s.LeftOut {
				d.say("  %d left out: %s", n, why)
			}
		}
	default:
		d.t.Fatalf("unknown command %q", c.Cmd)
	}
}

func (d *dialogue) load(c *datadriven.TestData) {
	ds, err := Parse("my.yaml", []byte(c.Input))
	if err != nil {
		d.say("%v", err)
		return
	}
	if c.Cmd == "run" {
		d.r, err = NewRunner(Options{Emit: d.found}, ds)
		if err != nil {
			d.t.Fatal(err)
		}
		return
	}
	notes, err := d.r.Replace(ds, d.at)
	if err != nil {
		d.say("%v", err)
	}
	for _, n := range notes {
		d.say("%s", n)
	}
}

func (d *dialogue) found(f Finding) {
	d.say("%s %s: %s %s: %s%s", time.UnixMilli(f.At).UTC().Format("15:04"), f.Transition, f.Detector, metric.FormatSeries(f.Labels), f.Reason, prefixed(" ended: ", f.Ended))
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// feed gives one value a minute to each of the named series.
func (d *dialogue) feed(c *datadriven.TestData) {
	var rows [][]float64
	for line := range strings.Lines(c.Input) {
		var row []float64
		for _, f := range strings.Fields(line) {
			v, times, found := strings.Cut(f, "x")
			n := 1
			if found {
				n = int(number(d.t, times))
			}
			x, err := strconv.ParseFloat(v, 64)
			if err != nil {
				d.t.Fatal(err)
			}
			row = append(row, slices.Repeat([]float64{x}, n)...)
		}
		rows = append(rows, row)
	}
	for i := range rows[0] {
		d.at += 60_000
		for j, arg := range c.CmdArgs {
			if i < len(rows[j]) {
				d.r.Observe(number(d.t, arg.Key), d.at, rows[j][i])
			}
		}
		d.r.Tick(d.at + joinDelay.Milliseconds())
	}
}

func number(t *testing.T, s string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
