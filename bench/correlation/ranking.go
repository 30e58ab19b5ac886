package main

// Ranking quality: the share of incidents whose culprit is among the first k,
// per system, beside what the simplest rankers reach on the same files.

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
)

// ranker orders the entities of an incident, most suspect first.
type ranker struct {
	name string
	rank func(incident) ([]string, error)
}

func rankers() []ranker {
	return []ranker{
		{"bellwether", func(c incident) ([]string, error) { return suspects(c.in) }},
		{"bellwether, symptom unknown", func(c incident) ([]string, error) {
			c.in.Symptom = ""
			return suspects(c.in)
		}},
		{"bellwether, no call graph", func(c incident) ([]string, error) {
			c.in.Edges = nil
			return suspects(c.in)
		}},
		{"bellwether, end unknown", func(c incident) ([]string, error) {
			c.in.To = 0
			return suspects(c.in)
		}},
		{"max z (N-sigma)", func(c incident) ([]string, error) { return byScore(c, maxZ(c)), nil }},
		{"Pearson to the symptom", func(c incident) ([]string, error) { return byScore(c, pearsonTo(c)), nil }},
		{"random", func(c incident) ([]string, error) {
			return byScore(c, func(s correlate.Candidate) float64 {
				h := fnv.New32a()
				fmt.Fprint(h, c.name, entityOf(s))
				return float64(h.Sum32())
			}), nil
		}},
	}
}

func suspects(in correlate.Incident) ([]string, error) {
	got, err := correlate.RankSuspects(in)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range got.Suspects {
		out = append(out, s.Entity)
	}
	return out, nil
}

// entityOf is the service, or the callee of an edge.
func entityOf(s correlate.Candidate) string {
	return cmp.Or(s.Labels.Get("service"), s.Labels.Get("callee"))
}

// byScore ranks entities by their best series.
func byScore(c incident, score func(correlate.Candidate) float64) []string {
	best := map[string]float64{}
	for _, s := range c.in.Series {
		if e := entityOf(s); e != "" && s.Name() != c.in.Symptom {
			best[e] = max(best[e], score(s))
		}
	}
	out := sortedKeys(best)
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(best[b], best[a]) })
	return out
}

// halves are the finite points before and in the incident.
func halves(c incident, s correlate.Candidate) (base, win []float64) {
	for i, v := range s.Window.V {
		t := s.Window.Start + int64(i)*s.Window.Step
		if !metric.IsFinite(v) || t >= c.in.To {
			continue
		}
		if t < c.in.From {
			base = append(base, v)
		} else {
			win = append(win, v)
		}
	}
	return base, win
}

// maxZ is the largest distance from the baseline's mean, in its deviations.
func maxZ(c incident) func(correlate.Candidate) float64 {
	return func(s correlate.Candidate) float64 {
		base, win := halves(c, s)
		if len(base) < 3 {
			return 0
		}
		mean, sd := moments(base)
		z := 0.0
		for _, v := range win {
			z = max(z, math.Abs(v-mean)/max(sd, 1e-9))
		}
		return z
	}
}

func moments(v []float64) (mean, sd float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		sd += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(sd)
}

func pearsonTo(c incident) func(correlate.Candidate) float64 {
	var sym metric.Window
	for _, s := range c.in.Series {
		if s.Name() == c.in.Symptom {
			sym = s.Window
		}
	}
	return func(s correlate.Candidate) float64 {
		var a, b []float64
		for i, v := range s.Window.V {
			t := s.Window.Start + int64(i)*s.Window.Step
			j := -1
			if sym.Step > 0 {
				j = int((t - sym.Start) / sym.Step)
			}
			if t >= c.in.From && t < c.in.To && j >= 0 && j < len(sym.V) && metric.IsFinite(v) && metric.IsFinite(sym.V[j]) {
				a, b = append(a, v), append(b, sym.V[j])
			}
		}
		if len(a) < 3 {
			return 0
		}
		ma, sa := moments(a)
		mb, sb := moments(b)
		sum := 0.0
		for i := range a {
			sum += (a[i] - ma) * (b[i] - mb) / float64(len(a))
		}
		if sa*sb < 1e-18 {
			return 0
		}
		return math.Abs(sum / (sa * sb))
	}
}

// outcome is the share of incidents solved within 1..5.
type outcome struct {
	n    int
	hits [6]int
}

func (o *outcome) add(place int) {
	o.n++
	for k := max(1, place); k <= 5; k++ {
		o.hits[k]++
	}
}

func (o outcome) at(k int) float64 { return float64(o.hits[k]) / float64(o.n) }

func (o outcome) avg5() float64 {
	sum := 0.0
	for k := 1; k <= 5; k++ {
		sum += o.at(k) / 5
	}
	return sum
}

// place is the 1-based rank of the first true culprit, 6 if beyond.
func place(order []string, c incident) int {
	at := 0
	for _, e := range order {
		if e == c.skip {
			continue
		}
		at++
		if slices.Contains(c.truth, e) {
			return min(at, 6)
		}
	}
	return 6
}

// rankingReport writes one table per system.
func rankingReport(w io.Writer, cases []incident) error {
	systems := map[string][]incident{}
	for _, c := range cases {
		systems[c.system] = append(systems[c.system], c)
	}
	for _, name := range sortedKeys(systems) {
		fmt.Fprintf(w, "\n### %s, %d incidents\n\n| ranker | AC@1 | AC@3 | AC@5 | Avg@5 |\n|---|---|---|---|---|\n", name, len(systems[name]))
		for _, r := range rankers() {
			var o outcome
			for _, c := range systems[name] {
				order, err := r.rank(c)
				if err != nil {
					return fmt.Errorf("cannot rank %s: %w", c.name, err)
				}
				o.add(place(order, c))
			}
			fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f | %.2f |\n", r.name, o.at(1), o.at(3), o.at(5), o.avg5())
		}
	}
	return nil
}

// leaveOneOut fits the ranker's constants on all systems but one and measures
// that one: what the choice of constants, made with these systems in sight, is
// worth on a system out of sight.
func leaveOneOut(w io.Writer, cases []incident) error {
	var grid []correlate.Fusion
	for _, sibling := range []float64{1, 4, 16} {
		for _, excuse := range []float64{1e-9, 0.02, 0.1} {
			for _, floor := range []float64{0.05, 0.2, 1} {
				grid = append(grid, correlate.Fusion{SiblingWeight: sibling, ExcuseWithin: excuse, ChangeFloor: floor})
			}
		}
	}
	grid = append([]correlate.Fusion{{}}, grid...) // The shipped constants; they win ties.
	scores := map[string][]outcome{}
	for _, c := range cases {
		if scores[c.system] == nil {
			scores[c.system] = make([]outcome, len(grid))
		}
		for i, f := range grid {
			c.in.Fusion = f
			order, err := suspects(c.in)
			if err != nil {
				return err
			}
			scores[c.system][i].add(place(order, c))
		}
	}
	fmt.Fprintf(w, "\n### Leave one system out\n\nConstants chosen from %d settings by the mean Avg@5 of the other systems.\n\n| system left out | AC@1 | AC@3 | Avg@5 | shipped AC@1 | AC@3 | Avg@5 |\n|---|---|---|---|---|---|---|\n", len(grid))
	for _, left := range sortedKeys(scores) {
		best, at := -1.0, 0
		for i := range grid {
			sum := 0.0
			for _, other := range sortedKeys(scores) {
				if other != left {
					sum += scores[other][i].avg5()
				}
			}
			if sum > best+1e-12 {
				best, at = sum, i
			}
		}
		o, shipped := scores[left][at], scores[left][0]
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", left, o.at(1), o.at(3), o.avg5(), shipped.at(1), shipped.at(3), shipped.avg5())
	}
	return nil
}
