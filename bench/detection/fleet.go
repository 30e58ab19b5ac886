package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/bellwether-ts/bellwether/bench/detection/corpus"
	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/fleet"
)

// What the control over many series takes away: false openings, and with them
// some true ones.

// whisper is what a fleet is told of one sample of one series.
type whisper struct {
	t        int64
	series   int
	episode  int
	tr       detect.Transition // TransitionNone: one more sample of an open one.
	opening  fleet.Opening
	evidence float64
	beyond   float64
	segment  int  // Labelled segment the sample lies in, over the whole set; -1 outside.
	scored   bool // In the second half.
}

// eavesdrop runs the default profile over one series and keeps what a fleet
// would hear.
func eavesdrop(cfg detect.Config, meta detect.Meta, n int, sample func(i int) (t int64, v float64), deploy func(i int) bool, mark func(i int, w *whisper)) ([]whisper, error) {
	s, err := detect.New(cfg, meta)
	if err != nil {
		return nil, err
	}
	var out []whisper
	episode := -1
	for i := range n {
		t, v := sample(i)
		if deploy != nil && deploy(i) {
			s.MarkDeploy(t)
		}
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
			w.opening = fleet.Opening{At: t, Change: a.Change, Kind: a.Kind, Evidence: r.Alarm, Bar: s.Bar()}
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
	door    fleet.Door
	delay   int64
	open    int64 // How long it was open.
	kind    detect.Kind
}

// admitAll plays the whispers of many series to one fleet, a tick a minute.
func admitAll(all [][]whisper, budget, open float64) ([][]verdict, *fleet.Fleet, error) {
	f, err := fleet.New(fleet.Config{Budget: budget, Open: open})
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
	take := func(r fleet.Ruling) {
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
		out[i], err = eavesdrop(cfg, detect.Meta{}, len(s.T), func(j int) (int64, float64) { return s.T[j], s.V[j] }, nil,
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
		next := f.New(soak.Rand(uint64(fi), uint64(i)))
		var err error
		out[i], err = eavesdrop(cfg, meta, days*1440, func(j int) (int64, float64) { return soak.Start + int64(j)*soak.StepMS, next(j) }, f.Deploy,
			func(j int, w *whisper) { w.segment, w.scored = -1, j >= 1440 })
		return err
	})
}
