package kayenta

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The cases of Kayenta's test suites that lie before and after the judge: how
// outliers are found, sides paired, queries written, windows cut and final
// scores read.

func TestCorpusDetectors(t *testing.T) {
	var corpus struct {
		Detector []struct {
			Name                string
			Input               Samples
			Detector            string
			Param               float64
			ReduceSensitivity   bool
			ExpectedOutlierMask []bool
		}
		Transform []struct {
			Name            string
			Input, Expected Samples
			Op, Detector    string
			Param           float64
		}
	}
	loadCorpus(t, &corpus)
	mark := func(detector string, in []float64, param float64, gentle bool) []bool {
		switch detector {
		case "KSigma":
			return KSigma(in, param)
		case "IQR":
			return IQR(in, param, gentle)
		}
		t.Fatalf("unknown detector %q", detector)
		return nil
	}
	for _, c := range corpus.Detector {
		if got := mark(c.Detector, c.Input, c.Param, c.ReduceSensitivity); !slices.Equal(got, c.ExpectedOutlierMask) {
			t.Errorf("%s: %v, want %v", c.Name, got, c.ExpectedOutlierMask)
		}
	}
	removed := 0
	for _, c := range corpus.Transform {
		if c.Op != "removeOutliers" {
			continue // In TestCorpusStatistics.
		}
		removed++
		if got := withoutOutliers(c.Input, mark(c.Detector, c.Input, c.Param, false)); !slices.Equal(got, c.Expected) {
			t.Errorf("%s: %v, want %v", c.Name, got, c.Expected)
		}
	}
	if len(corpus.Detector) == 0 || removed == 0 {
		t.Error("no detector cases found")
	}
}

func TestCorpusMixer(t *testing.T) {
	type tags = map[string]string
	var corpus struct {
		Mixer []struct {
			Op                  string
			Names               []string
			Control, Experiment json.RawMessage
			Error               bool
			ErrorContains       string
			Expected            *struct {
				Name       string
				Tags       tags
				Values     struct{ Control, Experiment []float64 }
				Attributes map[string]tags
			}
			ExpectedNames  []string
			ExpectedTags   []tags
			ExpectedValues []struct{ Control, Experiment []float64 }
		}
	}
	loadCorpus(t, &corpus)
	for i, c := range corpus.Mixer {
		name := fmt.Sprintf("mixer case %d (%s)", i, c.Op)
		var pairs []Pair
		var err error
		if c.Op == "mixOne" {
			var control, experiment MetricSet
			mustUnmarshal(t, c.Control, &control)
			mustUnmarshal(t, c.Experiment, &experiment)
			var p Pair
			p, err = MixPair(control, experiment)
			pairs = []Pair{p}
		} else {
			var control, experiment []MetricSet
			mustUnmarshal(t, c.Control, &control)
			mustUnmarshal(t, c.Experiment, &experiment)
			pairs, err = Mix(c.Names, control, experiment)
		}
		if c.Error || c.ErrorContains != "" {
			if err == nil || !strings.Contains(err.Error(), c.ErrorContains) {
				t.Errorf("%s: error %v, want one about %q", name, err, c.ErrorContains)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e := c.Expected; e != nil {
			p := pairs[0]
			if d := cmp.Diff(e.Attributes, map[string]tags(p.Attributes)) + cmp.Diff(e.Tags, p.Tags); d != "" || p.Name != e.Name || p.ID == "" ||
				!slices.Equal(p.Values.Control, e.Values.Control) || !slices.Equal(p.Values.Experiment, e.Values.Experiment) {
				t.Errorf("%s: %+v %s", name, p, d)
			}
			continue
		}
		var names []string
		for k, p := range pairs {
			names = append(names, p.Name)
			if k >= len(c.ExpectedValues) {
				break
			}
			if w := c.ExpectedValues[k]; !slices.Equal(p.Values.Control, w.Control) || !slices.Equal(p.Values.Experiment, w.Experiment) {
				t.Errorf("%s, %s: values %v, want %v", name, p.Name, p.Values, w)
			}
			if d := cmp.Diff(c.ExpectedTags[k], p.Tags); d != "" {
				t.Errorf("%s, %s: tags %s", name, p.Name, d)
			}
		}
		if !slices.Equal(names, c.ExpectedNames) {
			t.Errorf("%s: pairs %v, want %v", name, names, c.ExpectedNames)
		}
	}
	if len(corpus.Mixer) == 0 {
		t.Error("no mixer cases found")
	}
}

func mustUnmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestCorpusQueries(t *testing.T) {
	var corpus struct {
		PrometheusQuery []struct {
			ScopeLabel, Location, MetricName, Scope    string
			CustomFilterTemplate, CustomInlineTemplate string
			ResourceType, ExpectedQuery                string
			Templates, ExtendedScopeParams             map[string]string
			LabelBindings                              []string
		}
		TemplateEscape []struct{ Op, In, Out string }
	}
	loadCorpus(t, &corpus)
	for i, c := range corpus.PrometheusQuery {
		raw, err := json.Marshal(PromQuery{
			Type: "prometheus", MetricName: c.MetricName, LabelBindings: c.LabelBindings, ResourceType: c.ResourceType,
			CustomInlineTemplate: c.CustomInlineTemplate, CustomFilterTemplate: c.CustomFilterTemplate,
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Config{Templates: c.Templates}.PromQL(Metric{Name: "m", Query: raw},
			Scope{Scope: c.Scope, Location: c.Location, Params: c.ExtendedScopeParams}, c.ScopeLabel)
		if err != nil || got != c.ExpectedQuery {
			t.Errorf("query case %d: %v\n got %s\nwant %s", i, err, got, c.ExpectedQuery)
		}
	}
	for i, c := range corpus.TemplateEscape {
		f := map[string]func(string) string{"escape": EscapeTemplate, "unescape": UnescapeTemplate}[c.Op]
		if got := f(c.In); got != c.Out {
			t.Errorf("template case %d: %q, want %q", i, got, c.Out)
		}
	}
	if len(corpus.PrometheusQuery) == 0 || len(corpus.TemplateEscape) == 0 {
		t.Error("no query cases found")
	}
}

// corpusTime reads T0, T0+3m or RFC 3339.
func corpusTime(t *testing.T, s string) int64 {
	t.Helper()
	const t0 = 1_500_000_000_000
	rest, ok := strings.CutPrefix(s, "T0")
	if !ok {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMilli()
	}
	if rest == "" {
		return t0
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(rest, "m"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return t0 + n*minuteMillis
}

func TestCorpusWindows(t *testing.T) {
	var corpus struct {
		JudgementWindows []struct {
			Request struct {
				ScopeStart, ScopeEnd                                 string
				BeginAfterMins, LookbackMins, ControlOffsetInMinutes int64
			}
			Interval                                      int
			IntervalMins                                  int64
			ExpectedStart, ExpectedEnd                    string
			ExpectedExperimentStart, ExpectedControlStart string
		}
		AggregatedJudgement []struct {
			FinalScore              float64
			Marginal, PassThreshold *float64
			DidPassThresholds       bool
		}
		EndToEnd []struct {
			Name       string
			Thresholds map[string]float64
			Expected   struct{ Message string }
		}
	}
	loadCorpus(t, &corpus)
	for i, c := range corpus.JudgementWindows {
		p := Plan{Start: corpusTime(t, "T0"), LifetimeMins: 60, IntervalMins: c.IntervalMins, BeginAfter: c.Request.BeginAfterMins, LookbackMins: c.Request.LookbackMins}
		if s := c.Request.ScopeStart; s != "" {
			p.Start = corpusTime(t, s)
		}
		if s := c.Request.ScopeEnd; s != "" {
			p.End = corpusTime(t, s)
		}
		start, end := p.Window(c.Interval)
		check := func(what string, got int64, want string) {
			if want != "" && got != corpusTime(t, want) {
				t.Errorf("window case %d: %s %d, want %s", i, what, got, want)
			}
		}
		check("start", start, c.ExpectedStart)
		check("end", end, c.ExpectedEnd)
		check("experiment", start, c.ExpectedExperimentStart)
		check("control", start-c.Request.ControlOffsetInMinutes*minuteMillis, c.ExpectedControlStart)
	}
	for i, c := range corpus.AggregatedJudgement {
		if got, msg := FinalScore(c.FinalScore, c.Marginal, c.PassThreshold); got != c.DidPassThresholds || msg == "" {
			t.Errorf("final score case %d: %v %q, want %v", i, got, msg, c.DidPassThresholds)
		}
	}
	for _, c := range corpus.EndToEnd {
		if c.Expected.Message == "" {
			continue
		}
		marginal, pass := c.Thresholds["marginal"], c.Thresholds["pass"]
		if ok, msg := FinalScore(100, &marginal, &pass); !ok || msg != c.Expected.Message {
			t.Errorf("%s: %v %q, want %q", c.Name, ok, msg, c.Expected.Message)
		}
	}
	if len(corpus.JudgementWindows) == 0 || len(corpus.AggregatedJudgement) == 0 {
		t.Error("no window cases found")
	}
}

// Every section of the file is run by some test; a new one must not be passed
// over in silence.
func TestCorpusIsCovered(t *testing.T) {
	var corpus map[string]json.RawMessage
	loadCorpus(t, &corpus)
	covered := strings.Fields("meta classifier mannWhitney scorer detector transform statistics mixer prometheusQuery templateEscape judgementWindows aggregatedJudgement endToEnd " +
		"consumers") // The last in server/compat/kayenta.
	for _, section := range slices.Sorted(maps.Keys(corpus)) {
		if !slices.Contains(covered, section) {
			t.Errorf("no test runs section %q", section)
		}
	}
}
