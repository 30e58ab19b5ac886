package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// Histogram shift: power, delay and false alarms on generated latencies.

const (
	histogramStart  = 1_704_067_200_000 // 2024-01-01, a Monday.
	histogramDays   = 5                 // Of health before a change.
	histogramAfter  = 120               // Ticks after it.
	histogramCalm   = 5                 // Days of a healthy series.
	histogramCopies = 4
	histogramSeed   = 1_000_000 // The constants were chosen with seeds from 0.
)

var histogramRates = []float64{5, 50, 500, 5000}

// shiftTask is one series of the world.
type shiftTask struct {
	change, health int // One of them is -1.
	rate, copy     int
}

// shiftCount is what one rival did on one series in one form.
type shiftCount struct {
	delay int // Ticks from the change to the first alarm, -1 if none came.
	false int // Alarms elsewhere, after the first day, an hour apart.
	days  float64
	last  int
}

// shiftCounts is what every rival did on one series, by form.
type shiftCounts [formClassic + 1][]shiftCount

func (t shiftTask) run() (out shiftCounts) {
	seed := histogramSeed + uint64(1000*t.copy+10*t.rate+7*(t.change+1)+131*(t.health+1))
	w := newLatencyWorld(seed, histogramRates[t.rate])
	ticks, at := histogramCalm*1440, histogramCalm*1440+1
	if t.health >= 0 {
		latencyHealths[t.health].tune(w)
	} else {
		at = histogramDays*1440 + int(seed*7919%720)
		ticks = at + histogramAfter
	}
	var tick [formClassic + 1]rivalTick
	var judges [formClassic + 1][]func(int64, *rivalTick) bool
	for f := range out {
		tick[f].c = newCounter(latencyForm(f))
		for _, r := range histogramRivals {
			judges[f] = append(judges[f], r.new(latencyForm(f)))
			out[f] = append(out[f], shiftCount{delay: -1, last: -1000, days: float64(min(at, ticks)-1440) / 1440})
		}
	}
	var n [worldCells]int32
	for i := range ticks {
		if i == at {
			latencyChanges[t.change].apply(w)
		}
		w.tick(i, &n)
		restart := w.resets && w.r.Float64() < 1./300
		for f := range tick {
			c := tick[f].c
			if w.schemas && c.form != formClassic && i%1000 == 999 {
				c.schema = []int{3, 4, 2, 5, 8}[i/1000%5]
				c.reset()
			}
			if restart {
				c.reset()
			}
			tick[f].take(&n)
			for k, judge := range judges[f] {
				if judge(histogramStart+int64(i)*60_000, &tick[f]) {
					out[f][k].alarm(i, at)
				}
			}
		}
	}
	return out
}

// alarm counts an alarm at tick i of a series that changes at tick at.
func (c *shiftCount) alarm(i, at int) {
	switch {
	case i >= at:
		if c.delay < 0 {
			c.delay = i - at
		}
	case i >= 1440 && i-c.last > 60:
		c.false++
	}
	c.last = i
}

// runTasks runs all tasks on all processors; results are in the order of tasks.
func runTasks(tasks []shiftTask) []shiftCounts {
	out := make([]shiftCounts, len(tasks))
	work := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				out[i] = tasks[i].run()
			}
		})
	}
	for i := range tasks {
		work <- i
	}
	close(work)
	wg.Wait()
	return out
}

// histogramSection measures the shift of distributions.
func histogramSection(r *report, _ string) error {
	r.head("Histogram shift")
	r.text(fmt.Sprintf("Generated latencies: a lognormal body and a slow mode, daily waves of traffic and latency, a wander from minute to minute that is "+
		"heavy-tailed in every third series; %d series of each kind, rate and form, %d days healthy, then the change. One configuration, budget 10. "+
		"Every rival sees the same requests, at budget 10 where it has one; a fixed threshold has none. The constants were chosen on this generator with other seeds. "+
		"The nightly job sends a third of the requests through the slow mode for six minutes: it is told on its first two nights, then usual.", histogramCopies, histogramDays))
	var tasks []shiftTask
	for rate := range histogramRates {
		for copy := range histogramCopies {
			for change := range latencyChanges {
				tasks = append(tasks, shiftTask{change, -1, rate, copy})
			}
			for health := range latencyHealths {
				tasks = append(tasks, shiftTask{-1, health, rate, copy})
			}
		}
	}
	counts := runTasks(tasks)
	powerTable(r, tasks, counts)
	rateTable(r, tasks, counts)
	falseTable(r, tasks, counts)
	return histogramCost(r)
}

// tally joins the counts of the tasks that keep accepts, for rival k.
func tally(tasks []shiftTask, counts []shiftCounts, k int, keep func(shiftTask, latencyForm) bool) (delays []int, n, alarms int, days float64) {
	for i, t := range tasks {
		for f := range counts[i] {
			if !keep(t, latencyForm(f)) {
				continue
			}
			c := counts[i][f][k]
			n++
			alarms += c.false
			days += c.days
			if c.delay >= 0 {
				delays = append(delays, c.delay)
			}
		}
	}
	slices.Sort(delays)
	return delays, n, alarms, days
}

// within returns the share of n found in at most ticks.
func within(delays []int, n, ticks int) float64 {
	k := 0
	for _, d := range delays {
		if d < ticks {
			k++
		}
	}
	return float64(k) / float64(max(1, n))
}

// rivalColumns heads a table with a column for each rival.
func rivalColumns(first string) []string {
	out := []string{first}
	for _, v := range histogramRivals {
		out = append(out, v.name)
	}
	return out
}

// powerTable is what is found, by change, over all rates and forms.
func powerTable(r *report, tasks []shiftTask, counts []shiftCounts) {
	r.text("Share found within 5 / 15 / 60 minutes, over all rates and forms:")
	r.table(rivalColumns("change")...)
	for c, change := range latencyChanges {
		cells := []string{change.name}
		for k := range histogramRivals {
			d, n, _, _ := tally(tasks, counts, k, func(t shiftTask, _ latencyForm) bool { return t.change == c })
			cells = append(cells, fmt.Sprintf("%.2f / %.2f / %.2f", within(d, n, 5), within(d, n, 15), within(d, n, 60)))
		}
		r.row(cells...)
	}
	cells, delay := []string{"**false alarms** per 1000 series-days"}, []string{"delay p50 / p95 of those found, min"}
	for k := range histogramRivals {
		d, _, _, _ := tally(tasks, counts, k, func(t shiftTask, _ latencyForm) bool { return t.change >= 0 })
		_, _, alarms, days := tally(tasks, counts, k, func(shiftTask, latencyForm) bool { return true })
		cells = append(cells, fmt.Sprintf("%.0f", 1000*float64(alarms)/days))
		if len(d) > 0 {
			delay = append(delay, fmt.Sprintf("%d / %d", d[len(d)/2], d[len(d)*95/100]))
		} else {
			delay = append(delay, "-")
		}
	}
	r.row(delay...)
	r.row(cells...)
	r.end()
}

// rateTable is what our own finds within an hour, by rate and form.
func rateTable(r *report, tasks []shiftTask, counts []shiftCounts) {
	r.text("Bellwether distribution: share found within an hour, by requests a minute, and by form:")
	columns := []string{"change"}
	for _, rate := range histogramRates {
		columns = append(columns, fmt.Sprintf("%.0f", rate))
	}
	columns = append(columns, latencyFormNames...)
	r.table(columns...)
	for c, change := range latencyChanges {
		cells := []string{change.name}
		for i := range histogramRates {
			d, n, _, _ := tally(tasks, counts, 0, func(t shiftTask, _ latencyForm) bool { return t.change == c && t.rate == i })
			cells = append(cells, f2(within(d, n, 60)))
		}
		for f := range latencyFormNames {
			d, n, _, _ := tally(tasks, counts, 0, func(t shiftTask, form latencyForm) bool { return t.change == c && int(form) == f })
			cells = append(cells, f2(within(d, n, 60)))
		}
		r.row(cells...)
	}
	r.end()
}

// falseTable is false alarms per 1000 series-days, by the way of being healthy.
func falseTable(r *report, tasks []shiftTask, counts []shiftCounts) {
	r.text("False alarms per 1000 series-days on healthy series, after their first day:")
	r.table(rivalColumns("series")...)
	for h, health := range latencyHealths {
		cells := []string{health.name}
		for k := range histogramRivals {
			_, _, alarms, days := tally(tasks, counts, k, func(t shiftTask, _ latencyForm) bool { return t.health == h })
			cells = append(cells, fmt.Sprintf("%.0f", 1000*float64(alarms)/days))
		}
		r.row(cells...)
	}
	r.end()
}
