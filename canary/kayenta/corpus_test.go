package kayenta

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bellwether-ts/bellwether/canary/strict"
)

// The cases of Kayenta's own test suites, read from canary/kayenta-cases.json
// under BELLWETHER_CORPUS: inputs and expected outputs gathered from the public
// repository spinnaker/kayenta (Apache-2.0), not copied here.

type corpusNumber float64

func (n *corpusNumber) UnmarshalJSON(b []byte) error {
	v, ok := strict.Number(string(b))
	if !ok {
		return json.Unmarshal(b, (*float64)(n))
	}
	*n = corpusNumber(v)
	return nil
}

type corpusClassifier struct {
	Name                string
	Control, Experiment Samples
	MetricName          string
	Classifier          string
	Config              struct {
		Tolerance, ConfLevel                     float64
		EffectSizeThresholds, CriticalThresholds [2]float64
		EffectSizeMeasure                        string
	}
	Direction, NaNStrategy           string
	IsCriticalMetric, IsDataRequired bool
	Expected                         struct {
		Classification string
		Critical       *bool
		Deviation      *corpusNumber
		ReasonNonEmpty bool
	}
}

func loadCorpus(t *testing.T, into any) {
	t.Helper()
	root := os.Getenv("BELLWETHER_CORPUS")
	if root == "" {
		t.Skip("set BELLWETHER_CORPUS to a folder holding canary/kayenta-cases.json (cases of github.com/spinnaker/kayenta's test suites)")
	}
	data, err := os.ReadFile(filepath.Join(root, "canary", "kayenta-cases.json"))
	if err != nil {
		t.Skip(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestCorpusClassifier(t *testing.T) {
	var corpus struct{ Classifier []corpusClassifier }
	loadCorpus(t, &corpus)
	ran := 0
	for _, c := range corpus.Classifier {
		ran++
		s := settings{
			increase: c.Direction != "decrease", decrease: c.Direction != "increase",
			replaceNaN: c.NaNStrategy == "replace", critical: c.IsCriticalMetric, mustHaveData: c.IsDataRequired,
			cles:            c.Config.EffectSizeMeasure == "cles",
			allowedDecrease: c.Config.EffectSizeThresholds[0], allowedIncrease: c.Config.EffectSizeThresholds[1],
			criticalDecrease: c.Config.CriticalThresholds[0], criticalIncrease: c.Config.CriticalThresholds[1],
		}
		got, err := s.classify(c.MetricName, s.clean(c.Control), s.clean(c.Experiment),
			Options{Tolerance: c.Config.Tolerance, Confidence: c.Config.ConfLevel, Classifier: c.Classifier})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if e := c.Expected; e.Classification != "" && got.label != e.Classification ||
			e.Critical != nil && got.critical != *e.Critical ||
			e.Deviation != nil && !sameNumber(got.ratio, float64(*e.Deviation)) ||
			e.ReasonNonEmpty && got.reason == "" {
			t.Errorf("%s: got %+v, want %+v", c.Name, got, e)
		}
	}
	if ran == 0 {
		t.Error("no classifier cases found")
	}
}

func sameNumber(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestCorpusMannWhitney(t *testing.T) {
	var corpus struct {
		MannWhitney []struct {
			Name                string
			AbsTolerance        float64
			X, Y                Samples
			Experiment, Control Samples
			ConfidenceLevel     float64
			Checks              []struct{ Mu, Quantile, Expected float64 }
			Expected            map[string]float64
		}
	}
	loadCorpus(t, &corpus)
	for _, c := range corpus.MannWhitney {
		near := func(what string, got, want, tol float64) {
			t.Helper()
			if math.Abs(got-want) > tol {
				t.Errorf("%s: %s = %.12g, want %.12g", c.Name, what, got, want)
			}
		}
		for _, k := range c.Checks {
			got, err := shiftScore(k.Mu, k.Quantile, c.X, c.Y)
			if err != nil {
				t.Error(err)
			}
			near("shiftScore", got, k.Expected, c.AbsTolerance)
		}
		x, y := c.Experiment, c.Control
		if x == nil {
			x, y = c.X, c.Y
		}
		if len(c.Expected) == 0 {
			continue
		}
		ci, err := shiftOf(x, y, c.ConfidenceLevel)
		if err != nil {
			t.Error(err)
			continue
		}
		for key, want := range c.Expected {
			tol := c.AbsTolerance
			switch key {
			case "ciLow", "rCil":
				near(key, ci.low, want, tol)
			case "ciHigh", "rCiu":
				near(key, ci.high, want, tol)
			case "estimate", "rEst":
				if v, ok := c.Expected["estimateTolerance"]; ok {
					tol = v
				}
				near(key, ci.estimate, want, tol)
			case "rMumin":
				near(key, slices.Min(x)-slices.Max(y), want, tol)
			case "rMumax":
				near(key, slices.Max(x)-slices.Min(y), want, tol)
			}
		}
	}
}

func TestCorpusScorer(t *testing.T) {
	var corpus struct {
		Scorer []struct {
			Name         string
			GroupWeights map[string]float64
			Metrics      []struct {
				Name, Classification string
				Groups               []string
				Critical, Muted      bool
			}
			Expected struct {
				SummaryScore      *float64
				GroupScoresSorted []float64
			}
		}
	}
	loadCorpus(t, &corpus)
	for _, c := range corpus.Scorer {
		var cfg Config
		cfg.Classifier.GroupWeights = c.GroupWeights
		var rs []MetricResult
		for _, m := range c.Metrics {
			rs = append(rs, MetricResult{Name: m.Name, Classification: m.Classification, Groups: m.Groups, Critical: m.Critical, Muted: m.Muted})
		}
		got := scoreOf(cfg, thresholds(95, 75), rs)
		if w := c.Expected.SummaryScore; w != nil && float64(got.Score.Score) != *w {
			t.Errorf("%s: score %v, want %v", c.Name, got.Score.Score, *w)
		}
		if w := c.Expected.GroupScoresSorted; w != nil {
			var g []float64
			for _, s := range got.GroupScores {
				g = append(g, float64(s.Score))
			}
			slices.Sort(g)
			if !slices.Equal(g, w) {
				t.Errorf("%s: group scores %v, want %v", c.Name, g, w)
			}
		}
	}
}

func thresholds(pass, marginal float64) Thresholds {
	return Thresholds{Pass: &pass, Marginal: &marginal}
}

func TestCorpusStatistics(t *testing.T) {
	var corpus struct {
		Statistics []struct {
			Name                       string
			Input, Experiment, Control Samples
			Expected                   json.RawMessage
			Fn                         string
			Tol                        float64
			Checks                     []struct{ P, Expected float64 }
		}
		Transform []struct {
			Name            string
			Input, Expected Samples
			Op              string
		}
	}
	loadCorpus(t, &corpus)
	for _, c := range corpus.Statistics {
		for _, k := range c.Checks {
			if got := percentileR7(sortedCopy(c.Input), k.P); got != k.Expected {
				t.Errorf("%s: percentile %v = %v, want %v", c.Name, k.P, got, k.Expected)
			}
		}
		var got float64
		switch c.Fn {
		case "meanRatio":
			got = meanRatio(c.Control, c.Experiment)
		case "cles":
			got = cles(c.Control, c.Experiment)
		default:
			if len(c.Checks) == 0 {
				var want summaryFloat
				if err := json.Unmarshal(c.Expected, &want); err != nil {
					t.Fatal(err)
				}
				s := stats(c.Input).Stats
				if have := (summaryFloat{float64(s.Min), float64(s.Max), float64(s.Mean), float64(s.Std), float64(s.Count)}); have != want {
					t.Errorf("%s: %+v, want %+v", c.Name, have, want)
				}
			}
			continue
		}
		want, _ := strict.Number(string(c.Expected))
		if !sameNumber(got, want) && !(math.Abs(got-want) <= c.Tol) {
			t.Errorf("%s: %v, want %v", c.Name, got, want)
		}
	}
	for _, c := range corpus.Transform {
		switch c.Op {
		case "removeNaNs", "replaceNaNs":
			if got := (settings{replaceNaN: c.Op == "replaceNaNs"}).clean(c.Input); !slices.Equal(got, c.Expected) {
				t.Errorf("%s: %v, want %v", c.Name, got, c.Expected)
			}
		}
	}
}

type summaryFloat struct{ Min, Max, Mean, Std, Count float64 }
