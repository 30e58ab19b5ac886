package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
)

// What the control over many series takes away: false openings, and with them
// some true ones.

// whisper is what a fleet is told of one sample of one series.
type whisper struct {
	t        int64
	series   int
	episode  int
	tr       detect.Transition // TransitionNone: one more sample of an open one.
	opening  detect.Opening
	evidence float64
	beyond   float64
	segment  int  // Labelled segment the sample lies in, over the whole set; -1 outside.
	scored   bool // In the second half.
}

// eavesdrop runs the default profile over one series and keeps what a fleet
// would hear.
func eavesdrop(cfg detect.Config, meta detect.Meta, n int, sample func(i int) (t int64, v float64), mark func(i int, w *whisper)) ([]whisper, error) {
	s, err := detect.New(cfg, meta)
	if err != nil {
		return nil, err
	}
	var out []whisper
	episode := -1
	for i := range n {
		t, v := sample(i)
		r := s.Step(t, v)
		if r.Transition == detect.TransitionNone && !r.Anomalous {
			continue
		}
		w := whisper{t: t, tr: r.Transition, evidence: r.Score, beyond: s.Beyond()}
		if r.Transition == detect.TransitionOpened {
			episode++
		}
		if r.Transition == detect.TransitionOpened || r.Transition == detect.TransitionEscalated {
			a, _ := s.Anomaly()
			w.opening = detect.Opening{At: t, Change: a.Change, Kind: a.Kind, Evidence: r.Alarm, Bar: s.Bar()}
		}
		w.episode = episode
		mark(i, &w)
		out = append(out, w)
	}
	return out, nil
}

// verdict is what became of one episode.
type verdict struct {
	t       int64
	segment int
	scored  bool
	at      int64 // When it was told; -1 never.
	door    detect.Door
	delay   int64
	open    int64 // How long it was open.
	kind    detect.Kind
}

// admitAll plays the whispers of many series to one fleet, a tick a minute.
func admitAll(all [][]whisper, budget, open float64) ([][]verdict, *detect.Fleet, error) {
	f, err := detect.NewFleet(detect.FleetConfig{Budget: budget, Open: open})
	if err != nil {
		return nil, nil, err
	}
	f.Watching(len(all), 0)
	var line []whisper
	out := make([][]verdict, len(all))
	for i, ws := range all {
		for _, w := range ws {
			w.series = i
			line = append(line, w)
			if w.tr == detect.TransitionOpened {
				out[i] = append(out[i], verdict{t: w.t, segment: -1, scored: w.scored, at: -1, kind: w.opening.Kind})
			}
		}
	}
	slices.SortStableFunc(line, func(a, b whisper) int { return int(a.t - b.t) })
	take := func(r detect.Ruling) {
		if !r.Admitted() {
			return
		}
		var s, e int
		fmt.Sscanf(r.Opening.ID, "%d/%d", &s, &e)
		if v := &out[s][e]; v.at < 0 {
			v.at, v.door, v.delay = r.At, r.Door, r.Delay()
		}
	}
	const minute = 60_000
	next := int64(0)
	for _, w := range line {
		if w.t >= next {
			for _, r := range f.Tick(w.t) {
				take(r)
			}
			next = (w.t/minute + 1) * minute
		}
		if w.episode < 0 {
			continue
		}
		v := &out[w.series][w.episode]
		if w.segment >= 0 && w.tr != detect.TransitionNone && w.tr != detect.TransitionClosed && v.segment < 0 {
			v.segment = w.segment
		}
		id := fmt.Sprintf("%d/%d", w.series, w.episode)
		switch w.tr {
		case detect.TransitionOpened, detect.TransitionEscalated:
			w.opening.ID = id
			take(f.Open(w.opening))
		case detect.TransitionClosed:
			v.open = w.t - v.t
			f.Close(id, w.t)
		default:
			if r, ok := f.Still(id, w.t, w.beyond); ok || r.Admitted() {
				take(r)
			}
		}
	}
	for _, r := range f.Tick(next) {
		take(r)
	}
	return out, f, nil
}

// load is what a way of telling costs and finds.
type load struct {
	fa, hit, late, episodes int
	delays                  []int64
}

// weigh counts the told episodes of the scored part; all counts the others too.
func weigh(vs [][]verdict, all bool) load {
	var l load
	seen := map[int]bool{}
	for _, s := range vs {
		last := int64(-1 << 62)
		for _, v := range s {
			if !v.scored || (!all && v.at < 0) {
				continue
			}
			l.episodes++
			if v.segment >= 0 {
				if !seen[v.segment] {
					seen[v.segment] = true
					l.hit++
					l.delays = append(l.delays, v.delay)
				}
				continue
			}
			if v.t-last > 3600e3 {
				l.fa++
			}
			last = v.t
		}
	}
	slices.Sort(l.delays)
	return l
}

// kpiWhispers listens to a labelled set; the series are laid side by side from
// their first instants on.
func kpiWhispers(set []corpus.Series, cfg detect.Config) (out [][]whisper, segments int, days float64, err error) {
	out = make([][]whisper, len(set))
	base := make([]int, len(set))
	for i := range set {
		s := &set[i]
		days += s.Days()
		base[i] = segments
		for j := s.From; j < len(s.T); j++ {
			if s.Label[j] && (j == s.From || !s.Label[j-1]) {
				segments++
			}
		}
	}
	err = parallel(len(set), func(i int) error {
		s := &set[i]
		seg := make([]int, len(s.T))
		n := base[i] - 1
		for j := range seg {
			seg[j] = -1
			if j >= s.From && s.Label[j] {
				if j == s.From || !s.Label[j-1] {
					n++
				}
				seg[j] = n
			}
		}
		var err error
		out[i], err = eavesdrop(cfg, detect.Meta{}, len(s.T), func(j int) (int64, float64) { return s.T[j], s.V[j] },
			func(j int, w *whisper) {
				w.segment, w.scored = seg[j], j >= s.From
				w.t -= s.T[0]
				w.opening.At -= s.T[0]
				w.opening.Change -= s.T[0]
			})
		return err
	})
	return out, segments, days, err
}

func parallel(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	work := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				errs[i] = f(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// soakWhispers listens to healthy series of one family.
func soakWhispers(fi int, f soak.Family, n, days int, cfg detect.Config) ([][]whisper, error) {
	out := make([][]whisper, n)
	meta := detect.Meta{}
	if f.Counter {
		meta.Kind = detect.MetricCounter
	}
	return out, parallel(n, func(i int) error {
		next := f.New(rand.New(rand.NewPCG(uint64(fi), uint64(i))))
		var err error
		out[i], err = eavesdrop(cfg, meta, days*1440, func(j int) (int64, float64) { return soak.Start + int64(j)*soak.StepMS, next(j) },
			func(j int, w *whisper) { w.segment, w.scored = -1, j >= 1440 })
		return err
	})
}

// fleetSection measures what admission costs and what it keeps away.
func fleetSection(r *report, dir string) error {
	r.head("Many series at once")
	r.text("What detect.Fleet holds back. Raw: every opening of the default profile at a budget of 10 false alarms per 1000 series-days, the default. Told: those admitted. " +
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
		fmt.Sprintf("%d / %d / %d / %d", c[detect.DoorStrength], c[detect.DoorPersistence], c[detect.DoorCompany], c[detect.DoorPatience]))...)
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
	const n, days = 100, 8
	r.text(fmt.Sprintf("Healthy generated series, %d of each family as one fleet, %d days after one of warm-up, openings per 1000 series-days.", n, days-1))
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
		f, err := detect.NewFleet(detect.FleetConfig{})
		if err != nil {
			return err
		}
		f.Watching(watched, 0)
		rng := rand.New(rand.NewPCG(11, uint64(1000*share)))
		const bar = 5.158
		lone, told := 0, []int64{}
		open := func(id string, at int64, more float64) detect.Ruling {
			return f.Open(detect.Opening{ID: id, At: at, Change: at, Kind: detect.KindSpike, Evidence: bar + more, Bar: bar})
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
