package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/fleet"
)

// The section of what the control over many series keeps away and what it costs.

// fleetSection measures what admission costs and what it keeps away.
func fleetSection(r *report, dir string) error {
	r.head("Many series at once")
	r.text("What fleet.Fleet holds back. Raw: every opening of the default profile at a budget of 10 false alarms per 1000 series-days, the default. Told: those admitted. " +
		"Raised bar: the trivial alternative, the same profile at a budget of 1. An episode counts for a labelled segment in which it opens or escalates, told at once or later; delay is from the opening to the telling. " +
		"The series of a set are laid side by side from their first instants, as if they were one fleet; they are not, so nothing here is company of one another, and each set is a class of its own length.")
	if dir != "" {
		r.table("set", "series", "raw: false", "raw: recall", "told: false", "told: recall", "raised bar: false", "raised bar: recall", "told at once", "delay p50 / p95 of the others, min", "told by strength / persistence / company / patience")
		for _, name := range []string{"aiops", "wsd"} {
			if err := fleetSet(r, dir, name); err != nil {
				return err
			}
		}
		r.end()
	}
	if err := fleetSoak(r); err != nil {
		return err
	}
	return fleetStorm(r)
}

func fleetSet(r *report, dir, name string) error {
	set, err := corpus.KPI(dir, name)
	if err != nil {
		return err
	}
	ws, segments, days, err := kpiWhispers(set, detect.Config{})
	if err != nil {
		return err
	}
	vs, f, err := admitAll(ws, detect.DefaultBudget, detect.DefaultBudget)
	if err != nil {
		return err
	}
	high, _, _, err := kpiWhispers(set, detect.Config{Budget: detect.DefaultBudget / 10})
	if err != nil {
		return err
	}
	raised, _, err := admitAll(high, detect.DefaultBudget, detect.DefaultBudget)
	if err != nil {
		return err
	}
	cells := []string{name, fmt.Sprint(len(set))}
	for _, l := range []load{weigh(vs, true), weigh(vs, false), weigh(raised, true)} {
		cells = append(cells, fmt.Sprintf("%.1f", float64(l.fa)*1000/days), f2(float64(l.hit)/float64(segments)))
	}
	told := weigh(vs, false)
	late := told.delays[countZero(told.delays):]
	delay := "-"
	if n := len(late); n > 0 {
		delay = fmt.Sprintf("%d / %d", late[n/2]/60_000, late[n*95/100]/60_000)
	}
	c := f.Counts(false).Admitted
	r.row(append(cells, fmt.Sprintf("%d of %d", countZero(told.delays), len(told.delays)), delay,
		fmt.Sprintf("%d / %d / %d / %d", c[fleet.DoorStrength], c[fleet.DoorPersistence], c[fleet.DoorCompany], c[fleet.DoorPatience]))...)
	return nil
}

func countZero(sorted []int64) int {
	n := 0
	for n < len(sorted) && sorted[n] == 0 {
		n++
	}
	return n
}

// fleetSoak measures healthy series: every opening is false.
func fleetSoak(r *report) error {
	const days = 8
	n := max(100, *nullSeries/len(soak.Families()))
	r.text(fmt.Sprintf("Healthy generated series, %d of each family as one fleet, %d days after one of warm-up, openings per 1000 series-days. A fleet of 5000 and more tells a fifth of the budget by strength, one of 1000 all of it: `-null-series 105000` makes each family one of 5000.", n, days-1))
	r.table("family", "raw", "told", "told by strength / persistence / company / patience")
	for fi, fam := range soak.Families() {
		ws, err := soakWhispers(fi, fam, n, days, detect.Config{})
		if err != nil {
			return err
		}
		vs, _, err := admitAll(ws, detect.DefaultBudget, detect.DefaultBudget)
		if err != nil {
			return err
		}
		var by [5]int
		for _, s := range vs {
			for _, v := range s {
				if v.scored {
					by[min(int(v.door), 4)]++
				}
			}
		}
		raw, told := weigh(vs, true), weigh(vs, false)
		per := 1000 / float64(n*(days-1))
		r.row(fam.Name, fmt.Sprintf("%.1f", float64(raw.episodes)*per), fmt.Sprintf("%.1f", float64(told.episodes)*per), fmt.Sprintf("%d / %d / %d / %d", by[1], by[2], by[3], by[4]))
	}
	r.end()
	return nil
}

// fleetStorm measures incidents of many series among 10,000 with lone spikes
// everywhere, at three times the rate promised.
func fleetStorm(r *report) error {
	const watched, days = 10_000, 10
	r.text(fmt.Sprintf("Generated openings of %d series for %d days: lone spikes at three times the rate the budget promises, evidence as promised beyond the bar; on the last day an incident in which the given share opens within a minute, each just above the bar.", watched, days))
	r.table("share of the fleet", "told of the incident", "delay p95, s", "lone spikes told per 1000 series-days")
	for _, share := range []float64{.01, .05, .1, .2, .5} {
		f, err := fleet.New(fleet.Config{})
		if err != nil {
			return err
		}
		f.Watching(watched, 0)
		rng := rand.New(rand.NewPCG(11, uint64(1000*share)))
		const bar = 5.158
		lone, told := 0, []int64{}
		open := func(id string, at int64, more float64) fleet.Ruling {
			return f.Open(fleet.Opening{ID: id, At: at, Change: at, Kind: detect.KindSpike, Evidence: bar + more, Bar: bar})
		}
		for i := range days * 1440 * 4 { // A tick every 15 s.
			now := soak.Start + int64(i)*15_000
			if i == days*1440*4-100 {
				for k := range int(share * watched) {
					open(fmt.Sprintf("s%d", k), now-int64(k%60)*1000, .1)
				}
			}
			if rng.Float64() < 3*detect.DefaultBudget/1000*watched/1440/4 {
				id := fmt.Sprintf("l%d", i)
				if open(id, now, rng.ExpFloat64()/2.302585).Admitted() {
					lone++
				}
				f.Still(id, now+60_000, .3)
				f.Close(id, now+60_000)
			}
			for _, x := range f.Tick(now) {
				if x.Opening.ID[0] == 's' {
					told = append(told, x.Delay())
				} else {
					lone++
				}
			}
		}
		slices.Sort(told)
		delay := "-"
		if n := len(told); n > 0 {
			delay = fmt.Sprint(told[n*95/100] / 1000)
		}
		r.row(fmt.Sprintf("%.0f %%", 100*share), fmt.Sprintf("%d of %d", len(told), int(share*watched)), delay, fmt.Sprintf("%.1f", float64(lone)*1000/watched/days))
	}
	r.end()
	return nil
}
