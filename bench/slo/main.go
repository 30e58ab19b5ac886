// Command slo measures the slo room and writes bench/slo/REPORT.md:
//
//	go run ./bench/slo > bench/slo/REPORT.md
//
// It needs no data from outside: traffic is drawn from a seed, and the company
// is the simulated one. About two minutes on one core.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/sim"
	"github.com/bellwether-ts/bellwether/slo"
)

func main() {
	months := flag.Int("months", 10, "healthy months of 30 days per rate of traffic")
	trials := flag.Int("trials", 101, "outages per rate of traffic and kind")
	seeds := flag.Int("seeds", 10, "weeks of the simulated company per scenario")
	flag.Parse()
	if err := report(os.Stdout, *months, *trials, *seeds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func report(w io.Writer, months, trials, seeds int) error {
	fmt.Fprintf(w, "# slo: measured\n\n`go run ./bench/slo -months %d -trials %d -seeds %d > bench/slo/REPORT.md`\n\n", months, trials, seeds)
	lowTraffic(w, months, trials)
	if err := company(w, seeds); err != nil {
		return err
	}
	return speed(w)
}

func lowTraffic(w io.Writer, months, trials int) {
	fmt.Fprintf(w, "## Little traffic\n\nTarget 99.9 %%, a healthy service that spends half its budget, Poisson arrivals, independent failures, the two page rules of the SRE workbook judged every 30 s. False pages per 30 days over %d months; median seconds to the page over %d outages that begin after seven hours of health (those in which a page already stands are left out). `textbook` is the rule as published (but a page ends at nine tenths of its factor, so one that hovers is counted once), `a` the evidence test that is also asked for (Chernoff bound on the long window below a; the default is 1e-3).\n\n", months, trials)
	fmt.Fprintf(w, "| requests/h | false pages: textbook | a=1e-3 | a=1e-2 | outage: textbook | a=1e-3 | a=1e-2 | 20 %% errors: textbook | a=1e-3 | a=1e-2 |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, perHour := range []float64{10, 30, 60, 120, 300, 1000, 10_000, 60_000} {
		r := measure(perHour, months, trials, 1)
		fmt.Fprintf(w, "| %.0f | %.1f | %.1f | %.1f | %.0f s | %.0f s | %.0f s | %.0f s | %.0f s | %.0f s |\n", perHour,
			r.pages[0], r.pages[1], r.pages[2], r.detection[0][0], r.detection[0][1], r.detection[0][2], r.detection[1][0], r.detection[1][1], r.detection[1][2])
	}
	fmt.Fprintf(w, "\nA month of 30 days is 86,400 judgements. What the evidence costs: below 300 requests an hour a page comes two to three times later than the textbook's. Failures that come in clumps (one broken client) break the bound's assumption of independence and can still page; they are not in this table.\n\n")
}

func company(w io.Writer, seeds int) error {
	fmt.Fprintf(w, "## The simulated company\n\nTwelve objectives, a week of history at 30 s, judged at every sample, %d seeds a scenario, each ending at another hour of the week. Minutes from the incident's start to the page (bad-canary is still running after 25); then pages and tickets before any incident begins (calm: in the whole week).\n\n", seeds)
	fmt.Fprintf(w, "| scenario | objective | paged | minutes to page, median (max) |\n|---|---|---:|---:|\n")
	var falseLines []string
	for _, s := range []sim.Scenario{sim.BadCanary(), sim.Pool(), sim.Calm()} {
		minutes, weeks := map[string][]float64{}, 0
		pages, tickets := map[string]int{}, map[string]int{}
		for seed := range seeds {
			start := monday + int64(seed)*17*3_600_000
			week, err := live(s, uint64(seed+1), start, tick)
			if err != nil {
				return err
			}
			weeks++
			tally(week, minutes, pages, tickets)
		}
		for _, name := range sorted(minutes) {
			m := minutes[name]
			slices.Sort(m)
			fmt.Fprintf(w, "| %s | %s | %d of %d | %.1f (%.1f) |\n", s.Name, name, len(m), weeks, m[len(m)/2], m[len(m)-1])
		}
		falseLines = append(falseLines, fmt.Sprintf("| %s | %d | %d | %v |", s.Name, total(pages), total(tickets), sorted(tickets)))
	}
	fmt.Fprintf(w, "\n| scenario | pages before the incident | tickets before it | by |\n|---|---:|---:|---|\n")
	for _, line := range falseLines {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w)
	return nil
}

// tally sorts a week's alarms into pages after the incident's start and the rest.
func tally(week week, minutes map[string][]float64, pages, tickets map[string]int) {
	begin := week.company.Now() + 1
	if in := week.company.Truth().Incidents; len(in) > 0 {
		begin = in[0].Start
	}
	seen := map[string]bool{}
	for _, a := range week.alarms {
		switch {
		case a.at < begin && a.severity == slo.Page:
			pages[a.objective]++
		case a.at < begin:
			tickets[a.objective]++
		case a.severity == slo.Page && !seen[a.objective]:
			seen[a.objective] = true
			minutes[a.objective] = append(minutes[a.objective], float64(a.at-begin)/60_000)
		}
	}
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func total(m map[string]int) int {
	n := 0
	for _, x := range m {
		n += x
	}
	return n
}

// speed measures in CPU seconds of this process, so that a busy machine counts
// less.
func speed(w io.Writer) error {
	fmt.Fprintf(w, "## Speed and memory\n\nCPU time of the process (user and system), one objective of 30 days with a good and a total series every 15 s.\n\n| what | figure |\n|---|---:|\n")
	t := newTrial(1e-3)
	const samples = 2_000_000
	before := cpu()
	for i := range samples {
		t.now += 15_000
		t.total += 100
		t.good += float64(99 + i&1)
		t.e.ObserveGood(1, t.now, t.good)
		t.e.ObserveTotal(1, t.now, t.total)
	}
	fmt.Fprintf(w, "| a sample observed | %.0f ns |\n", float64((cpu()-before).Nanoseconds())/(2*samples))
	const judgements = 300_000
	before = cpu()
	for range judgements {
		t.e.Evaluate(t.now)
	}
	each := float64((cpu() - before).Nanoseconds()) / judgements
	fmt.Fprintf(w, "| an objective judged (2 page rules and the budget) | %.2f us |\n", each/1000)
	fmt.Fprintf(w, "| objectives judged every 10 s on one core | %.0f |\n", 10e9/each)
	fmt.Fprintf(w, "| sums of a 30-day objective | %d bytes |\n", t.e.Bytes())

	before = cpu()
	c := sim.New(sim.Options{Seed: 1, Start: monday, Scenario: sim.BadCanary()})
	n := 0
	for range c.Steps() {
		_, values, _ := c.Next()
		n += len(values)
	}
	spent := (cpu() - before).Seconds()
	fmt.Fprintf(w, "| a simulated week, %d series, %.1f million samples | %.2f s, %.1f million/s |\n", len(c.Series()), float64(n)/1e6, spent, float64(n)/1e6/spent)
	return nil
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
