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
			"the one threshold for the set; p10 and median are over %d random %d-series subsets, each with its own threshold. Delay is at 100 FA.", len(set), points, days, kpiDraws, size))
		r.table("detector", "recall at 1 FA", "10", "100", "300", "p10 / median at 10", "p10 / median at 100", "threshold at 10 / 100", "delay p50 / p95, min")
		var rows []kpiResult
		var own [][]float64
		for _, d := range []detector{bellwether(detect.ProfileDefault), withShape, difference, record, clock, random} {
			score, alarm, err := d.score(set)
			if err != nil {
				return err
			}
			rows = append(rows, kpiRow(r, d.name+", score", set, score, size))
			if d.ours {
				rows = append(rows, kpiRow(r, d.name+", alarm", set, alarm, size))
			}
			if own == nil {
				own = score
			}
		}
		r.end()
		kpiPairs(r, rows)
		calibration(r, name, set, own)
		return nil
	}
}

// kpiDraws is the number of random subsets of series.
const kpiDraws = 200

// kpiResult is what a comparison of two rows needs.
type kpiResult struct {
	name   string
	alarms []measure.Alarms
	at     []measure.Point
}

func kpiRow(r *report, name string, set []corpus.Series, x [][]float64, size int) kpiResult {
	a := measure.Collect(set, x)
	p := measure.RecallAt(a, budgets)
	s := measure.Subsets(a, size, kpiDraws, budgets[1:3])
	delay := "-"
	if d := measure.Delays(a, p[2].Threshold); len(d) > 0 && p[2].Recall > 0 {
		delay = fmt.Sprintf("%.0f / %.0f", float64(d[len(d)/2])/60e3, float64(d[len(d)*95/100])/60e3)
	}
	r.row(name, f2(p[0].Recall), f2(p[1].Recall), f2(p[2].Recall), f2(p[3].Recall),
		f2(s[0].P10)+" / "+f2(s[0].Median), f2(s[1].P10)+" / "+f2(s[1].Median),
		fmt.Sprintf("%.2f / %.2f", p[1].Threshold, p[2].Threshold), delay)
	return kpiResult{name, a, p}
}

// kpiPairs compares the first row with the others over series drawn again.
func kpiPairs(r *report, rows []kpiResult) {
	r.text("Lead in recall of \"" + rows[0].name + "\", with the 95 % interval of a paired bootstrap over series:")
	r.table("over", "at 10 FA", "at 100 FA")
	for _, o := range rows[1:] {
		cells := []string{o.name}
		for _, b := range []int{1, 2} {
			d := measure.PairedRecall(rows[0].alarms, o.alarms, rows[0].at[b].Threshold, o.at[b].Threshold)
			cells = append(cells, leadOf(d, "%+.2f"))
		}
		r.row(cells...)
	}
	r.end()
}

func leadOf(d measure.Interval, f string) string {
	return fmt.Sprintf(f+" ("+f+" to "+f+")", d.Diff, d.Lo, d.Hi)
}

func f2(x float64) string { return fmt.Sprintf("%.2f", x) }

// calibration compares the share of unlabelled rows at a score with the
// p-value the score claims.
func calibration(r *report, name string, set []corpus.Series, score [][]float64) {
	r.text("Calibration on the unlabelled rows of " + name + ": share of rows whose score claims p or less. They hold true events that nobody labelled, so the last rows are upper bounds.")
	r.table("claimed p", "observed share", "observed / claimed")
	for _, e := range []float64{2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6} {
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
