package pipeline

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// A new series takes over the baselines of its kin: the series with the same
// labels but for the short-lived ones (metric.Lasting), such as the pod before
// it. Of those watched now the one with the longest history is taken, else the
// last one that went within kinTTL. A series that comes back itself goes on
// where it was.
//
// Kin of the same shard are found at once; kin of another shard at the next
// tick, by the pipeline (adopt.go), which is before a new series has judged
// enough to stand on its own.

const (
	maxKin     = 8                    // Watched series remembered of one kin.
	maxGone    = 2000                 // Series remembered that went, of a shard: 4.4 MB.
	kinTTL     = int64(24 * 3600_000) // How long they are, in milliseconds.
	maxOrphans = 10_000               // New series that wait for kin of another shard.
)

// kinship is who is of a kind with whom.
type kinship struct {
	live    map[uint64][]uint64 // References by kin.
	gone    map[uint64]remnant  // The last of its kin that went.
	order   []uint64            // Kin of the gone, oldest first.
	orphans []uint64            // References of those without kin here.
}

// remnant is what is left of a series that went.
type remnant struct {
	labels labels.Labels
	kind   Kind
	views  []view
	tend   tended
	at     int64
}

// kinOf hashes what kin have in common; single is true where no label is
// short-lived, so that the series can only be its own kin.
func kinOf(ls labels.Labels, kind Kind) (kin uint64, single bool) {
	lasting := metric.Lasting(ls)
	return lasting.Hash() ^ uint64(kind)<<56, lasting.Len() == ls.Len()
}

// inherit gives a new series what its kin know.
func (w *Watch) inherit(ref uint64, s *watched) {
	k := &w.tend.kin
	if k.live == nil {
		k.live, k.gone = map[uint64][]uint64{}, map[uint64]remnant{}
	}
	kin, single := kinOf(s.labels, s.tend.kind)
	r, gone := k.gone[kin]
	switch {
	case w.tend.takingUp: // It has its own state in a moment.
	case gone && labels.Equal(r.labels, s.labels) && len(r.views) == len(s.views):
		s.views, s.tend = r.views, r.tend                 // It is back itself.
		s.tend.expired, s.tend.due = false, math.MinInt64 // What was said meanwhile is heeded at its first sample.
		for i := range s.views {
			s.views[i].id = ""
		}
		k.forget(kin)
	case single: // It has no kin but itself.
	default:
		if !w.inheritFrom(s, w.eldest(kin), r) && len(k.orphans) < maxOrphans {
			k.orphans = append(k.orphans, ref)
		}
	}
	if live := k.live[kin]; !single && len(live) < maxKin {
		k.live[kin] = append(live, ref)
	}
}

// eldest returns the watched series of a kin that has seen most; nil if there
// is none.
func (w *Watch) eldest(kin uint64) *watched {
	var best *watched
	for _, ref := range w.tend.kin.live[kin] {
		s := w.series[ref]
		if s == nil || s.skip != "" || len(s.views) == 0 {
			continue
		}
		if best == nil || s.views[0].det.Samples() > best.views[0].det.Samples() {
			best = s
		}
	}
	return best
}

// inheritFrom takes over from a watched series, else from one that went.
func (w *Watch) inheritFrom(s, from *watched, gone remnant) bool {
	if from != nil && takeOver(s.views, from.views) {
		s.tend.parent = from.labels
		return true
	}
	if gone.views != nil && gone.kind == s.tend.kind && takeOver(s.views, gone.views) {
		s.tend.parent = gone.labels
		return true
	}
	return false
}

// takeOver lets each view inherit from its like, and reports whether any did.
func takeOver(views, from []view) bool {
	any := false
	for i := range views {
		for j := range from {
			if from[j].name == views[i].name && views[i].det.Inherit(from[j].det) {
				any = true
			}
		}
	}
	return any
}

// keepRemnant remembers a series that goes at an instant.
func (w *Watch) keepRemnant(ref uint64, s *watched, now int64) {
	k := &w.tend.kin
	if k.live == nil || len(s.views) == 0 {
		return
	}
	kin, _ := kinOf(s.labels, s.tend.kind)
	if live := slices.DeleteFunc(k.live[kin], func(r uint64) bool { return r == ref }); len(live) > 0 {
		k.live[kin] = live
	} else {
		delete(k.live, kin)
	}
	if r, ok := k.gone[kin]; ok && r.views[0].det.Samples() > s.views[0].det.Samples() && now-r.at < kinTTL {
		return // The one before knew more.
	}
	k.forget(kin)
	k.gone[kin] = remnant{labels: s.labels, kind: s.tend.kind, views: s.views, tend: s.tend, at: now}
	k.order = append(k.order, kin)
	if len(k.order) > maxGone {
		k.forget(k.order[0])
	}
}

// forget lets go of the remnant of a kin.
func (k *kinship) forget(kin uint64) {
	if _, ok := k.gone[kin]; ok {
		delete(k.gone, kin)
		k.order = slices.DeleteFunc(k.order, func(o uint64) bool { return o == kin })
	}
}

// expireKin lets go of remnants that went long ago.
func (w *Watch) expireKin(now int64) {
	k := &w.tend.kin
	for len(k.order) > 0 && now-k.gone[k.order[0]].at > kinTTL {
		k.forget(k.order[0])
	}
}

// orphan asks for the baselines of a kin, on behalf of a series of another
// shard.
type orphan struct {
	shard int
	ref   uint64
	kin   uint64
	kind  Kind
	found map[string][]byte // State by view.
	from  labels.Labels
}

// takeOrphans returns those that still can inherit, and forgets them.
func (w *Watch) takeOrphans(shard int) []orphan {
	var out []orphan
	for _, ref := range w.tend.kin.orphans {
		s := w.series[ref]
		if s == nil || s.skip != "" || len(s.views) == 0 || s.views[0].det.Samples() >= bornSamples {
			continue
		}
		kin, _ := kinOf(s.labels, s.tend.kind)
		out = append(out, orphan{shard: shard, ref: ref, kin: kin, kind: s.tend.kind})
	}
	w.tend.kin.orphans = w.tend.kin.orphans[:0]
	return out
}

// bornSamples is how many samples a series may have judged and still inherit.
const bornSamples = 15

// offer fills in what is known here of an orphan's kin.
func (w *Watch) offer(o *orphan) {
	from, views := labels.EmptyLabels(), []view(nil)
	if s := w.eldest(o.kin); s != nil && s.tend.kind == o.kind {
		from, views = s.labels, s.views
	} else if r, ok := w.tend.kin.gone[o.kin]; ok && r.kind == o.kind {
		from, views = r.labels, r.views
	}
	if len(views) == 0 || views[0].det.Samples() < 2*bornSamples {
		return
	}
	o.from, o.found = from, map[string][]byte{}
	for _, v := range views {
		o.found[v.name] = v.det.AppendState(nil)
	}
}

// adopt gives an orphan what was found.
func (w *Watch) adopt(o *orphan) {
	s := w.series[o.ref]
	if s == nil || s.skip != "" || o.found == nil {
		return
	}
	meta := detect.Meta{Kind: s.tend.kind.detectKind()}
	for i := range s.views {
		state, ok := o.found[s.views[i].name]
		if !ok {
			continue
		}
		parent, err := detect.Restore(w.opts.Detect, meta, state)
		if err != nil {
			continue // Of another configuration: it cannot be inherited either.
		}
		if s.views[i].det.Inherit(parent) {
			s.tend.parent = o.from
		}
	}
}

// placeOrphans lets new series inherit from kin in other shards.
func (p *Pipeline) placeOrphans() {
	if len(p.watches) < 2 {
		return
	}
	var all []orphan
	for i, l := range p.watchLanes {
		l.view(func() { all = append(all, p.watches[i].takeOrphans(i)...) })
	}
	const slice = 256 // What a lane may be held up for.
	for part := range slices.Chunk(all, slice) {
		for i, l := range p.watchLanes {
			l.view(func() {
				for k := range part {
					if o := &part[k]; o.found == nil && o.shard != i {
						p.watches[i].offer(o)
					}
				}
			})
		}
		for i, l := range p.watchLanes {
			l.view(func() {
				for k := range part {
					if o := &part[k]; o.shard == i {
						p.watches[i].adopt(o)
					}
				}
			})
		}
	}
}
