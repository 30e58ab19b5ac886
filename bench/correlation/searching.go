package main

// Search speed, exactness against brute force, and false alarms.

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/prometheus/prometheus/model/labels"
)

func searchReport(w io.Writer, n int) error {
	all := mixture(n, 20, 1)
	x, err := correlate.NewIndex(correlate.IndexConfig{Tiers: []correlate.Tier{{Step: mixStep, Slots: mixPoints}}})
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, c := range all {
		if err := x.Add(c.Ref, c.Labels, correlate.Gauge); err != nil {
			return err
		}
	}
	begin := cpu()
	for i := range mixPoints {
		for _, c := range all {
			x.Append(c.Ref, mixStart+int64(i)*mixStep, c.Window.V[i])
		}
	}
	took := cpu() - begin
	runtime.GC()
	runtime.ReadMemStats(&after)
	fmt.Fprintf(w, "\n%d series x %d points. Append %.0f ns per sample. Rings: %d bytes per series stated, %d on the heap.\n\n",
		len(all), mixPoints, float64(took.Nanoseconds())/float64(len(all)*mixPoints), x.Stats().BytesPerSeries, (after.HeapAlloc-before.HeapAlloc)/uint64(len(all)))
	fmt.Fprintf(w, "Exact top-20, both signs, band 5 %%, p-values included. `ms` and `us` per candidate are processor time on one goroutine, p-values and all.\n\n")
	fmt.Fprintf(w, "| query | ms | us | past segment means | past envelope | compared | recall vs brute force | FAST ms | FAST recall | matches at q <= 0.05 |\n|---|---|---|---|---|---|---|---|---|---|\n")
	kinds := []string{"planted"}
	for _, m := range mixShares {
		kinds = append(kinds, m.kind)
	}
	for _, kind := range kinds {
		if err := searchKind(w, x, all, kind); err != nil {
			return err
		}
	}
	return falseAlarms(w, n)
}

func ask(x *correlate.Index, q correlate.Query) (correlate.Result, time.Duration, error) {
	begin := cpu()
	res, err := x.Search(q)
	return res, cpu() - begin, err
}

// cpu is the processor time this process has used: on a shared machine the
// clock on the wall measures the neighbours.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func found(r correlate.Result) []uint64 {
	var out []uint64
	for _, m := range append(slices.Clone(r.Matches), r.Near...) {
		out = append(out, m.Ref)
	}
	return out
}

func recall(want, got []uint64) float64 {
	hit := 0
	for _, r := range want {
		if slices.Contains(got, r) {
			hit++
		}
	}
	return float64(hit) / float64(max(1, len(want)))
}

// searchKind times the median of three queries of a kind and checks the first.
func searchKind(w io.Writer, x *correlate.Index, all []correlate.Candidate, kind string) error {
	var refs []uint64
	for _, c := range all {
		if c.Labels.Get("kind") == kind {
			refs = append(refs, c.Ref)
		}
	}
	var exact, fast []time.Duration
	var first, firstFast correlate.Result
	for i := range 3 {
		q := correlate.Query{Ref: refs[i*len(refs)/3]}
		res, d, err := ask(x, q)
		if err != nil {
			return err
		}
		q.Mode = correlate.Fast
		quick, e, err := ask(x, q)
		if err != nil {
			return err
		}
		exact, fast = append(exact, d), append(fast, e)
		if i == 0 {
			first, firstFast = res, quick
		}
	}
	slices.Sort(exact)
	slices.Sort(fast)
	want := brute(all, refs[0], 20)
	st := first.Stats
	total := float64(st.Searched)
	pastPAA := float64(st.Searched - st.KimPruned - st.PAAPruned)
	fmt.Fprintf(w, "| %s | %.0f | %.2f | %.1f %% | %.1f %% | %.2f %% | %.2f | %.0f | %.2f | %d |\n", kind,
		ms(exact[1]), float64(exact[1].Microseconds())/total, 100*pastPAA/total, 100*(pastPAA-float64(st.KeoghPruned))/total,
		100*float64(st.Compared)/total, recall(want, found(first)), ms(fast[1]), recall(want, found(firstFast)), len(first.Matches))
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// brute is the textbook: every candidate, both signs, float64, no bounds. It
// reads the values as the rings keep them, in float32 relative to the first.
func brute(all []correlate.Candidate, ref uint64, k int) []uint64 {
	z := func(v []float64) []float64 {
		out := make([]float64, len(v))
		for i, a := range v {
			out[i] = float64(float32(a-v[0])) + v[0]
		}
		mean, sd := moments(out)
		for i := range out {
			out[i] = (out[i] - mean) / sd
		}
		return out
	}
	r := int(math.Round(0.05 * mixPoints))
	q := z(all[ref-1].Window.V)
	type scored struct {
		ref uint64
		d   float64
	}
	var best []scored
	for _, c := range all {
		if c.Ref == ref {
			continue
		}
		y := z(c.Window.V)
		d := plainDTW(q, y, r)
		for i := range y {
			y[i] = -y[i]
		}
		best = append(best, scored{c.Ref, min(d, plainDTW(q, y, r))})
	}
	slices.SortFunc(best, func(a, b scored) int {
		if a.d < b.d {
			return -1
		}
		return 1
	})
	var out []uint64
	for _, s := range best[:k] {
		out = append(out, s.ref)
	}
	return out
}

// plainDTW is the two-row recursion.
func plainDTW(x, y []float64, r int) float64 {
	inf := math.Inf(1)
	prev, cur := make([]float64, len(y)+1), make([]float64, len(y)+1)
	for j := range prev {
		prev[j] = inf
	}
	prev[0] = 0
	for i := 1; i <= len(x); i++ {
		lo, hi := max(1, i-r), min(len(y), i+r)
		cur[lo-1] = inf
		for j := lo; j <= hi; j++ {
			m := cur[j-1]
			if prev[j-1] < m {
				m = prev[j-1]
			}
			if j < i+r && prev[j] < m {
				m = prev[j]
			}
			d := x[i-1] - y[j-1]
			cur[j] = d*d + m
		}
		prev, cur = cur, prev
		prev[0] = inf
	}
	return prev[len(y)]
}

// falseAlarms searches where nothing happened: the mix without incidents, for
// queries whose kind has no reason to match. Season is left out: those series
// do share one day.
func falseAlarms(w io.Writer, n int) error {
	all := mixture(n, 0, 2)
	r := rand.New(rand.NewPCG(3, 1))
	fmt.Fprintf(w, "\nNo incident: %d independent series, fresh queries, top-20, q <= 0.05.\n\n| query | searches | with a match | groups | smallest q |\n|---|---|---|---|---|\n", len(all))
	for _, m := range mixShares {
		if m.kind == "season" {
			continue
		}
		const searches = 10
		hit, groups, least := 0, 0, 1.0
		for i := range searches {
			target := correlate.Candidate{Labels: labels.FromStrings("__name__", fmt.Sprintf("query%d", i)), Window: all[0].Window}
			target.Window.V = generate(r, m.kind)
			res, err := correlate.SearchWindows(target, all, correlate.Options{})
			if err != nil {
				return err
			}
			groups += len(res.Groups)
			if len(res.Matches) > 0 {
				hit++
				least = min(least, res.Matches[0].Q)
			} else if len(res.Near) > 0 {
				least = min(least, res.Near[0].Q)
			}
		}
		fmt.Fprintf(w, "| %s | %d | %d | %d | %.2g |\n", m.kind, searches, hit, groups, least)
	}
	return nil
}
