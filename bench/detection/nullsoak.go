package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
)

var nullSeries = flag.Int("null-series", 2000, "series of the null soak, over all families; the full run is 100000")

const nullDays = 7

// healthyCost is what healthy series cost.
type healthyCost struct {
	series        int
	first, second int // Openings on the first day, on the second.
	later         int // Openings after the second.
	kinds         [16]int
}

// nullSection runs healthy series of every family at the default budget for
// seven days: every opening is false.
func nullSection(r *report, _ string) error {
	families := soak.Families()
	each := max(1, *nullSeries/len(families))
	r.head("Null soak: seven days at the default budget")
	r.text(fmt.Sprintf("%d healthy generated series of each of %d families, minutes, Config{}; openings per 1000 series-days, all of them false, "+
		"over all seven days and for the first, the second and the later ones apart: the first days are where a job is heard for the first time. "+
		"The budget is 10. \"after\" is of days three to seven. The full run is `-sets null -null-series 100000`.", each, len(families)))
	r.table("family", "all days", "first day", "second day", "after", "kinds")
	var done atomic.Int64
	for fi, f := range families {
		var mu sync.Mutex
		var sum healthyCost
		var failed error
		work := make(chan int)
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for c := range work {
					t, err := nullOne(f, uint64(fi), uint64(c), nullDays)
					mu.Lock()
					sum.add(t)
					if err != nil {
						failed = err
					}
					mu.Unlock()
					if n := done.Add(1); n%1000 == 0 {
						fmt.Fprintf(os.Stderr, "null soak: %d of %d series\n", n, each*len(families))
					}
				}
			})
		}
		for c := range each {
			work <- c
		}
		close(work)
		wg.Wait()
		if failed != nil {
			return failed
		}
		rate := func(n, days int) string { return fmt.Sprintf("%.1f", float64(n)*1000/float64(sum.series*days)) }
		r.row(f.Name, rate(sum.first+sum.second+sum.later, nullDays), rate(sum.first, 1), rate(sum.second, 1), rate(sum.later, nullDays-2), sum.names())
	}
	r.end()
	return jobs(r)
}

func (t *healthyCost) add(o healthyCost) {
	t.series += o.series
	t.first, t.second, t.later = t.first+o.first, t.second+o.second, t.later+o.later
	for i := range t.kinds {
		t.kinds[i] += o.kinds[i]
	}
}

// names lists the kinds of the openings.
func (t *healthyCost) names() string {
	var out []string
	for i, n := range t.kinds {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s %d", detect.Kind(i), n))
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, ", ")
}

// nullOne counts the openings of one healthy series.
func nullOne(f soak.Family, family, seed uint64, days int) (t healthyCost, err error) {
	err = openings(f, family, seed, days, func(minute int, k detect.Kind) {
		switch minute / 1440 {
		case 0:
			t.first++
		case 1:
			t.second++
		default:
			t.later++
		}
		t.kinds[min(int(k), len(t.kinds)-1)]++
	})
	t.series = 1
	return t, err
}

// openings runs a series of a family and tells of each anomaly that opens.
func openings(f soak.Family, family, seed uint64, days int, tell func(minute int, k detect.Kind)) error {
	meta := detect.Meta{}
	if f.Counter {
		meta.Kind = detect.MetricCounter
	}
	s, err := detect.New(detect.Config{}, meta)
	if err != nil {
		return err
	}
	next := f.New(soak.Rand(family, seed))
	for i := range days * 1440 {
		now := soak.Start + int64(i)*soak.StepMS
		var res detect.Result
		if f.Deploy != nil && f.Deploy(i) {
			s.MarkDeploy(now)
		}
		if v := next(i); math.IsNaN(v) {
			res = s.Tick(now)
		} else {
			res = s.Step(now, v)
		}
		if res.Transition == detect.TransitionOpened {
			tell(i, res.Kind)
		}
	}
	return nil
}

// jobs runs scheduled work for four weeks.
func jobs(r *report) error {
	const copies, days = 30, 28
	r.head("Scheduled work over four weeks")
	r.text(fmt.Sprintf("%d series of each family, %d days, default budget. Episodes of the first occurrence (the first day; for weekly work the first week) are apart: they are news. "+
		"Skyline opens 24 a metric-day on an hourly job and one on a nightly.", copies, days))
	r.table("family", "episodes a series of the first occurrence", "false episodes a metric-day after it")
	for fi, f := range soak.Families() {
		if !strings.HasPrefix(f.Name, "cron") && !strings.HasPrefix(f.Name, "batch") {
			continue
		}
		first, later, from := 0, 0, 1
		if strings.HasSuffix(f.Name, "weekly") {
			from = 7
		}
		for c := range copies {
			if err := openings(f, uint64(fi), uint64(c), days, func(minute int, _ detect.Kind) {
				if minute/1440 < from {
					first++
				} else {
					later++
				}
			}); err != nil {
				return err
			}
		}
		r.row(f.Name, fmt.Sprintf("%.2f", float64(first)/copies), fmt.Sprintf("%.4f", float64(later)/copies/float64(days-from)))
	}
	r.end()
	return nil
}
