package offline

import (
	"bufio"
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/detect"
)

// The outputs are public formats. These tests hold them still: they print
// results made by hand, so that a change of a detector or a judge does not
// touch them and a change of a format does.

var update = flag.Bool("update", false, "write what is printed into testdata")

// traceField is the trace of an anomaly: the detector's own text, whose golden
// files are there.
var traceField = regexp.MustCompile(`"trace": ".*"`)

// golden compares text with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got); run with -update if it is meant:\n%s", name, d)
	}
}

// printed runs a sink over one made-up series with one made-up anomaly.
func printed(t *testing.T, make func(w *bufio.Writer) detectSink) string {
	t.Helper()
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	sink := make(w)
	s := &Series{Name: `rps{service="a,b"}`, Labels: labels.FromStrings("__name__", "rps", "service", "a,b")}
	tr := &track{series: s}
	const start = int64(1767225600000)
	for i := range int64(60) {
		c := Cell{Series: s, V: 100 + float64(i%5)/3, Late: i == 7}
		r := detect.Result{Observed: c.V, Expected: 100.5, Lower: 98.25, Upper: 102.75, Verdict: detect.VerdictHealthy, Score: 0.125}
		switch {
		case i < 5:
			r = detect.Result{Observed: c.V}
		case i == 50:
			c.V, r.Observed, r.Score, r.Alarm, r.Transition = 1e-7, 1e-7, 12.5, 12.5, detect.TransitionOpened
		case i == 55:
			r.Transition = detect.TransitionClosed
		}
		r.Anomalous = i >= 50 && i < 55
		if r.Anomalous {
			r.Verdict = detect.VerdictAnomalous
		}
		row := Row{T: start + 60_000*i, Time: FormatTime(start + 60_000*i)}
		if c.Late {
			r = detect.Result{}
		} else {
			tr.samples, tr.lastT, tr.last = tr.samples+1, row.T, r
			tr.gaps[tr.nGaps%gapsKept] = 60_000
			tr.nGaps++
		}
		if err := sink.sample(&row, &c, tr, r, !c.Late); err != nil {
			t.Fatal(err)
		}
		if r.Transition == detect.TransitionClosed {
			if err := sink.anomaly(tr, madeUpAnomaly(start)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := sink.finish([]*track{tr}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func madeUpAnomaly(start int64) detect.Anomaly {
	a := detect.Anomaly{
		Start: start + 50*60_000, End: start + 55*60_000, Peak: 12.5, Kind: detect.KindLevel, Direction: detect.DirectionDown,
		Expected: 100.5, Observed: 1e-7, Members: []detect.Member{{Name: "delta", P: 1e-9, Share: 0.75}, {Name: "range", P: 0.001, Share: 0.25}},
	}
	return a
}

func TestDetectFormats(t *testing.T) {
	golden(t, "detect.csv.golden", printed(t, func(w *bufio.Writer) detectSink {
		s := &csvSink{w: w}
		s.header()
		return s
	}))
	golden(t, "detect.json.golden", string(traceField.ReplaceAll([]byte(printed(t, func(w *bufio.Writer) detectSink { return &jsonSink{w: w} })), []byte(`"trace": "..."`))))
	text := printed(t, func(w *bufio.Writer) detectSink { return newTextSink(w, DetectOptions{}) })
	golden(t, "detect.text.golden", strings.ReplaceAll(text, indent(detect.Trace{}.String()), "  ..."))
}

func TestCorrelateFormat(t *testing.T) {
	f := &Frame{Series: []*Series{
		{Name: "cpu", Labels: labels.FromStrings("__name__", "cpu")},
		{Name: `lat{z="1",a="2"}`, Labels: labels.FromStrings("__name__", "lat", "a", "2", "z", "1")},
		{Name: "far", Labels: labels.FromStrings("__name__", "far")},
	}}
	res := correlate.Result{
		Target: "cpu", Exact: true,
		Matches: []correlate.Match{{Series: `lat{a="2",z="1"}`, Distance: 0.5, Sign: -1, LagSeconds: 60, P: 1e-6, Q: 2e-6, Group: 1}},
		Near:    []correlate.Match{{Series: "far", Distance: math.Inf(1), Sign: 1, P: 0.5, Q: 0.5}},
		Groups:  []correlate.Group{{ID: 1, Series: []string{`lat{a="2",z="1"}`}, Reason: "alone"}},
	}
	golden(t, "correlate.json.golden", document(t, correlateDocument(res, f, 0, 3_600_000)))
}

func TestIncidentFormat(t *testing.T) {
	f := &Frame{Series: []*Series{{Name: `lat{z="1",a="2"}`, Labels: labels.FromStrings("__name__", "lat", "a", "2", "z", "1")}}}
	res := correlate.Suspects{Suspects: []correlate.Suspect{
		{Entity: "db", Score: 0.9, Series: []string{`lat{a="2",z="1"}`}, Onset: 1767225600500, Components: correlate.Components{Shape: 1, Onset: 0.5}},
		{Entity: "web", Score: math.NaN()},
	}}
	golden(t, "incident.json.golden", document(t, incidentDocument(res, f)))
}

func TestCanaryFormat(t *testing.T) {
	v := canary.Verdict{Verdict: canary.Fail, Reasons: []string{"latency is worse"}, Metrics: []canary.MetricVerdict{
		{Name: "latency", Verdict: canary.Fail, Effect: 12.5, Interval: [2]float64{10, math.Inf(1)}, P: 1e-12, Reason: "higher by 12.5"},
		{Name: "errors", Verdict: canary.NoData, Effect: math.NaN(), Interval: [2]float64{math.NaN(), math.NaN()}, P: math.NaN(), Reason: "no samples"},
	}}
	golden(t, "canary.json.golden", document(t, verdictDocument(v)))
	golden(t, "canary-empty.json.golden", document(t, verdictDocument(canary.Verdict{Verdict: canary.NoData})))
}

func document(t *testing.T, doc any) string {
	t.Helper()
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	if err := writeJSON(w, doc); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestNumber(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		got, err := number(v).MarshalJSON()
		if err != nil || string(got) != want {
			t.Errorf("number(%v) = %s, %v; want %s", v, got, err, want)
		}
	}
	f(0, "0")
	f(math.Copysign(0, -1), "-0")
	f(0.1, "0.1")
	f(1e21, "1e+21")
	f(123456789, "1.23456789e+08")
	f(math.NaN(), "null")
	f(math.Inf(-1), "null")
}
