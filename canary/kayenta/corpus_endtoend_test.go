package kayenta

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
)

// Kayenta's integration cases that concern the judge: sides drawn from stated
// distributions, expected labels.

type corpusSide struct {
	Uniform  []float64
	Constant *float64
}

func (s corpusSide) draw(rng *rand.Rand) Samples {
	var out Samples
	for range 60 {
		switch {
		case s.Constant != nil:
			out = append(out, *s.Constant)
		case len(s.Uniform) == 2:
			out = append(out, s.Uniform[0]+rng.Float64()*(s.Uniform[1]-s.Uniform[0]))
		}
	}
	return out
}

type corpusMetric struct {
	Name                string
	Critical, Muted     bool
	Direction           string
	Control, Experiment corpusSide
}

func TestCorpusEndToEnd(t *testing.T) {
	var corpus struct {
		EndToEnd []struct {
			Name                string
			Control, Experiment corpusSide
			Metric              *corpusMetric
			Metrics             []corpusMetric
			Thresholds          map[string]float64
			Expected            struct {
				Classification  string
				Classifications map[string]string
			}
		}
	}
	loadCorpus(t, &corpus)
	for _, c := range corpus.EndToEnd {
		if c.Metric != nil {
			m := *c.Metric
			m.Name, m.Control, m.Experiment = c.Name, c.Control, c.Experiment
			c.Metrics = append(c.Metrics, m)
			c.Expected.Classifications = map[string]string{c.Name: c.Expected.Classification}
		}
		var req Request
		th := thresholds(75, 50)
		req.ScoreThresholds = &th
		rng := rand.New(rand.NewPCG(2, 3))
		for _, m := range c.Metrics {
			settings := fmt.Sprintf(`{"canary":{"critical":%v,"muted":%v,"direction":%q}}`, m.Critical, m.Muted, m.Direction)
			km := Metric{Name: m.Name, Groups: []string{"g"}}
			if err := json.Unmarshal([]byte(settings), &km.AnalysisConfigurations); err != nil {
				t.Fatal(err)
			}
			req.CanaryConfig.Metrics = append(req.CanaryConfig.Metrics, km)
			p := Pair{Name: m.Name}
			p.Values.Control, p.Values.Experiment = m.Control.draw(rng), m.Experiment.draw(rng)
			req.MetricSetPairList = append(req.MetricSetPairList, p)
		}
		res, err := req.Judge(Options{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		for _, r := range res.Results {
			if want := c.Expected.Classifications[r.Name]; r.Classification != want {
				t.Errorf("%s, %s: %s, want %s", c.Name, r.Name, r.Classification, want)
			}
		}
		if res.Score.Classification != "Pass" {
			t.Errorf("%s: %s", c.Name, res)
		}
	}
}
