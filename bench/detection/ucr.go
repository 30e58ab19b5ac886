package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
	"github.com/bellwether-ts/bellwether/detect"
)

// The sets whose anomalies are of form: the UCR archive and TODS. They are
// measured with the shape member and without it.

// ucrSection measures the UCR archive.
func ucrSection(r *report, dir string) error {
	set, err := corpus.UCR(dir)
	if err != nil {
		return err
	}
	r.head("UCR anomaly archive")
	r.text(fmt.Sprintf("%d series with one anomaly each; accuracy is the share whose highest row is within 100 rows of it. Most of these anomalies are of shape. "+
		"Many series are one recording with another noise: intervals are 95 %% of a bootstrap over the %d recordings, in pairs where two detectors are compared.",
		len(set), len(recordings(set))))
	r.table("detector", "accuracy, score", "interval", "against the default profile", "accuracy, alarm")
	plain, plainAlarm, err := bellwether(detect.ProfileDefault).score(set)
	if err != nil {
		return err
	}
	base := measure.UCRHits(set, plain)
	row := func(name string, score, alarm [][]float64) {
		hits := measure.UCRHits(set, score)
		lo, hi := spread(set, hits, make([]bool, len(hits)))
		dlo, dhi := spread(set, hits, base)
		r.row(name, fmt.Sprintf("%.3f", measure.UCR(set, score)), fmt.Sprintf("%.2f to %.2f", lo, hi),
			fmt.Sprintf("%+.2f to %+.2f", dlo, dhi), fmt.Sprintf("%.3f", measure.UCR(set, alarm)))
	}
	row("Bellwether default", plain, plainAlarm)
	for _, d := range []detector{withShape, difference, record, random} {
		score, alarm, err := d.score(set)
		if err != nil {
			return err
		}
		row(d.name, score, alarm)
		if d.name == withShape.name {
			alone := lead(score, plain)
			row("the rows where shape leads, alone", alone, alone)
		}
	}
	r.end()
	return nil
}

// lead returns with where it is above without, else 0: what a member adds.
func lead(with, without [][]float64) [][]float64 {
	out := make([][]float64, len(with))
	for i := range with {
		out[i] = make([]float64, len(with[i]))
		for j, x := range with[i] {
			if x > without[i][j] {
				out[i][j] = x
			}
		}
	}
	return out
}

// recordings groups series that are one recording, clean, distorted or noisy,
// by their index.
func recordings(set []corpus.Series) [][]int {
	at := map[string]int{}
	var out [][]int
	for i := range set {
		name := strings.TrimPrefix(strings.TrimPrefix(set[i].Name, "DISTORTED"), "NOISE")
		k, ok := at[name]
		if !ok {
			k = len(out)
			at[name] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}

// spread returns the 95 % interval of the difference in accuracy of a and b: a
// paired bootstrap over recordings.
func spread(set []corpus.Series, a, b []bool) (lo, hi float64) {
	groups, rng := recordings(set), rand.New(rand.NewPCG(1, 2))
	diffs := make([]float64, 4000)
	for k := range diffs {
		n, d := 0, 0
		for range groups {
			for _, i := range groups[rng.IntN(len(groups))] {
				n++
				if a[i] {
					d++
				}
				if b[i] {
					d--
				}
			}
		}
		diffs[k] = float64(d) / float64(n)
	}
	slices.Sort(diffs)
	return diffs[len(diffs)*25/1000], diffs[len(diffs)*975/1000]
}

// todsSection measures the synthetic TODS series. Their step is a second, so
// all of them together last under a series-day and false alarms per 1000
// series-days mean nothing: recall is given at a share of false rows instead.
func todsSection(r *report, dir string) error {
	set, err := corpus.KPI(dir, "tods")
	if err != nil {
		return err
	}
	r.head("TODS (synthetic)")
	r.text("Rows are taken as minutes, so that a rate of false alarms has a meaning.")
	for i := range set {
		set[i].StepMS = 60_000
		for j := range set[i].T {
			set[i].T[j] *= 60
		}
	}
	r.table("detector", "recall at 300 FA per 1000 sd", "at 1000", "at 3000")
	for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, difference, record, random} {
		score, _, err := d.score(set)
		if err != nil {
			return err
		}
		p := measure.RecallAt(measure.Collect(set, score), []float64{300, 1000, 3000})
		r.row(d.name, f2(p[0].Recall), f2(p[1].Recall), f2(p[2].Recall))
	}
	r.end()
	return nil
}
