package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
	"github.com/bellwether-ts/bellwether/detect"
)

// published are rows of the benchmark's own scoreboard (numenta/NAB,
// results/final_results.json at ea702d7). Those marked look ahead: the
// benchmark hands a detector the minimum and maximum of the whole file.
var published = [][4]string{
	{"ARTime (published, looks ahead)", "74.9", "65.2", "80.4"},
	{"Numenta HTM (published, looks ahead)", "70.1", "63.1", "74.3"},
	{"CAD OSE (published, looks ahead)", "69.9", "67.0", "73.2"},
	{"earthgecko Skyline (published)", "58.2", "46.2", "63.8"},
	{"KNN-CAD (published)", "58.0", "43.4", "64.8"},
	{"RCF (published)", "51.7", "38.4", "59.7"},
	{"windowed Gaussian (published)", "39.6", "20.9", "47.4"},
	{"Etsy Skyline (published)", "35.7", "27.1", "44.5"},
}

// nabSection returns the section of the Numenta benchmark; results is the
// folder of its published results, or empty.
func nabSection(results string) func(*report, string) error {
	return func(r *report, dir string) error {
		set, err := corpus.NAB(dir)
		if err != nil {
			return err
		}
		if err := nabTable(r, set); err != nil {
			return err
		}
		return publishedSection(r, dir, results, set)
	}
}

// nabTable measures our profiles and the baselines beside the scoreboard.
func nabTable(r *report, set []corpus.Series) error {
	days := 0.0
	for i := range set {
		days += set[i].Days()
	}
	r.head("Numenta Anomaly Benchmark")
	r.text(fmt.Sprintf("%d files, %.0f series-days scored. One threshold per profile over the whole corpus, as the benchmark does; "+
		"the last column takes it from the other half of the files (20 random halves). Differences below 3 points mean nothing.", len(set), days))
	r.table("detector", "standard", "low FP", "low FN", "windows hit", "false rows", "per 1000 sd", "threshold of the other half")
	for _, p := range published {
		r.row(p[0], p[1], p[2], p[3], "", "", "", "")
	}
	var first [][]float64
	var lead [][2]string
	at := 0.0
	for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, bellwether(detect.ProfileSkyline), record, windowedGaussian, clock, random} {
		score, alarm, err := d.score(set)
		if err != nil {
			return err
		}
		for _, c := range []struct {
			name string
			x    [][]float64
		}{{", alarm", alarm}, {", score", score}} {
			n := measure.NAB(set, c.x)
			if first == nil {
				first, at = c.x, n.Threshold
			} else if c.name == ", alarm" {
				lead = append(lead, [2]string{d.name + c.name, leadOf(measure.PairedNAB(set, first, c.x, at, n.Threshold), "%+.1f")})
			}
			r.row("**"+d.name+"**"+c.name, f1(n.Standard), f1(n.LowFP), f1(n.LowFN), fmt.Sprint(n.Hit), fmt.Sprint(n.FP),
				fmt.Sprintf("%.0f", float64(n.FP)*1000/days), f1(halves(set, c.x)))
			if d.name == clock.name {
				forced(r, d.name+", not allowed to stay silent", set, c.x, days)
				break
			}
		}
	}
	r.end()
	r.text("Lead of \"Bellwether default, alarm\" in the standard score, with the 95 % interval of a paired bootstrap over files:")
	r.table("over", "points")
	for _, l := range lead {
		r.row(l[0], l[1])
	}
	r.end()
	return nil
}

// forced adds a row of a detector that says only yes or no: scored at its one
// threshold even where silence would score better, so below 0 is possible.
func forced(r *report, name string, set []corpus.Series, x [][]float64, days float64) {
	var n [3]measure.NABResult
	for i, p := range measure.NABProfiles {
		n[i] = measure.NABAt(set, x, p, 1)
	}
	r.row("**"+name+"**", f1(n[0].Score), f1(n[1].Score), f1(n[2].Score), fmt.Sprint(n[0].Hit), fmt.Sprint(n[0].FP),
		fmt.Sprintf("%.0f", float64(n[0].FP)*1000/days), "")
}

func f1(x float64) string { return fmt.Sprintf("%.1f", x) }

// halves returns the mean standard score of one half of the files at the best
// threshold of the other.
func halves(set []corpus.Series, x [][]float64) float64 {
	rng := rand.New(rand.NewPCG(3, 4))
	sum := 0.0
	const draws = 20
	for range draws {
		perm := rng.Perm(len(set))
		var half [2][]corpus.Series
		var scores [2][][]float64
		for i, k := range perm {
			half[i%2] = append(half[i%2], set[k])
			scores[i%2] = append(scores[i%2], x[k])
		}
		sum += measure.NABAt(half[1], scores[1], measure.NABStandard, measure.NAB(half[0], scores[0]).Threshold).Score
	}
	return sum / draws
}
