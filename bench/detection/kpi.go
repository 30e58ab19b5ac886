package main

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/measure"
	"github.com/bellwether-ts/bellwether/detect"
)

var budgets = []float64{1, 10, 100, 300}

// kpiSection returns the section of one KPI set, with subsets of the given
// size for the spread.
func kpiSection(name string, size int) func(*report, string) error {
	return func(r *report, dir string) error {
		set, err := corpus.KPI(dir, name)
		if err != nil {
			return err
		}
		days, points := 0.0, 0
		for i := range set {
			days += set[i].Days()
			points += len(set[i].V)
		}
		r.head("KPI set " + name)
		r.text(fmt.Sprintf("%d series, %d samples, %.0f series-days scored (second half of each). Recall is the share of labelled segments with a row at or above "+
			"the one threshold for the set; p10 and median are over random %d-series subsets, each with its own threshold. Delay is at 100 FA.", len(set), points, days, size))
		r.table("detector", "recall at 1 FA", "10", "100", "300", "p10 / median at 10", "p10 / median at 100", "threshold at 10 / 100", "delay p50 / p95, min")
		for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, difference, record, clock, random} {
			score, alarm, err := d.score(set)
			if err != nil {
				return err
			}
			kpiRow(r, d.name+", score", set, score, size)
			if d.name == "Bellwether default" {
				kpiRow(r, d.name+", alarm", set, alarm, size)
				defer calibration(r, name, set, score)
			}
		}
		r.end()
		return nil
	}
}

func kpiRow(r *report, name string, set []corpus.Series, x [][]float64, size int) {
	a := measure.Collect(set, x)
	p := measure.RecallAt(a, budgets)
	s := measure.Subsets(a, size, 100, budgets[1:3])
	delay := "-"
	if d := measure.Delays(a, p[2].Threshold); len(d) > 0 && p[2].Recall > 0 {
		delay = fmt.Sprintf("%.0f / %.0f", float64(d[len(d)/2])/60e3, float64(d[len(d)*95/100])/60e3)
	}
	r.row(name, f2(p[0].Recall), f2(p[1].Recall), f2(p[2].Recall), f2(p[3].Recall),
		f2(s[0].P10)+" / "+f2(s[0].Median), f2(s[1].P10)+" / "+f2(s[1].Median),
		fmt.Sprintf("%.2f / %.2f", p[1].Threshold, p[2].Threshold), delay)
}

func f2(x float64) string { return fmt.Sprintf("%.2f", x) }

// calibration compares the share of unlabelled rows at a score with the
// p-value the score claims.
func calibration(r *report, name string, set []corpus.Series, score [][]float64) {
	r.text("Calibration on the unlabelled rows of " + name + ": share of rows whose score claims p or less. " +
		"Scores below p = 1e-3 are not resolved: the fused ratio is calibrated from there on.")
	r.table("claimed p", "observed share", "observed / claimed")
	for _, e := range []float64{3, 3.5, 4, 5, 6} {
		n, hit := 0.0, 0.0
		for i := range set {
			for j := set[i].From; j < len(set[i].V); j++ {
				if !set[i].Label[j] {
					n++
					if score[i][j] >= e {
						hit++
					}
				}
			}
		}
		p := math.Pow(10, -e)
		r.row(fmt.Sprintf("%.1e", p), fmt.Sprintf("%.1e", hit/n), fmt.Sprintf("%.2g", hit/n/p))
	}
	r.end()
}

// ucrSection measures the UCR archive.
func ucrSection(r *report, dir string) error {
	set, err := corpus.UCR(dir)
	if err != nil {
		return err
	}
	r.head("UCR anomaly archive")
	r.text(fmt.Sprintf("%d series with one anomaly each; accuracy is the share whose highest row is within 100 rows of it. Most of these anomalies are of shape.", len(set)))
	r.table("detector", "accuracy, score", "accuracy, alarm")
	for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, difference, record, random} {
		score, alarm, err := d.score(set)
		if err != nil {
			return err
		}
		r.row(d.name, fmt.Sprintf("%.3f", measure.UCR(set, score)), fmt.Sprintf("%.3f", measure.UCR(set, alarm)))
	}
	r.end()
	return nil
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
