package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// Distributions owns the detectors of the forms of histograms: one per native
// histogram, beside the rate and the mean that Watch sees of it, and one per
// classic histogram, whose _bucket series Watch leaves to it. It is one room
// with one lane, since the buckets of a classic histogram are series of their
// own that must meet. It has one owner; it reads no clock.
//
// A histogram costs about 8 KB, and 50,000 are watched at most by default.
type Distributions struct {
	opts     DistributionOptions
	series   map[uint64]*distributed // By reference; nil for what is no part of a histogram.
	classic  map[string]*distributed // By the histogram's name and labels.
	native   map[string]*distributed
	skipped  map[string]int // Histograms left out, by reason.
	watching int
	warming  int
	held     int // Values waiting in rows of all histograms.
	lost     DistributionLosses
}

// DistributionOptions configures a Distributions.
type DistributionOptions struct {
	Detect detect.Config
	Match  [][]*labels.Matcher // Watched if any matches; empty: all.
	Ignore [][]*labels.Matcher // Never watched.
	Page   [][]*labels.Matcher // Anomalies are HIGH.
	Max    int                 // Histograms watched at most; 0: 50,000.
	// Emit receives every transition, in order. Required.
	Emit func(Finding)
	// Still receives the batches of an anomaly that is open, as WatchOptions.Still.
	// Optional.
	Still func(id string, at int64, beyond float64) (wanted bool)
}

// DistributionLosses counts the ticks of classic histograms that could not be
// judged.
type DistributionLosses struct {
	Late       uint64 // Values that came after their tick was judged.
	Incomplete uint64 // Ticks that never had all their buckets.
	Overflow   uint64 // Ticks let go because too much was waiting.
}

// distributionView is the view of the findings of this room.
const distributionView = "distribution"

// distributed is one histogram.
type distributed struct {
	ref     uint64        // Of its first series.
	labels  labels.Labels // Without le, by the histogram's own name.
	page    bool
	det     *detect.HistogramSeries
	rows    *bucketRows // Classic only.
	refs    int         // Series of it.
	verdict detect.Verdict
	id      string // Of the open anomaly.
	still   bool   // Somebody wants its batches.
	skip    string // Why it is not watched; empty if it is.
}

// NewDistributions returns a room that knows no histogram, or every fault of
// the configuration.
func NewDistributions(o DistributionOptions) (*Distributions, error) {
	if err := o.Detect.Validate(); err != nil {
		return nil, err
	}
	if o.Max == 0 {
		o.Max = 50_000
	}
	return &Distributions{opts: o, series: map[uint64]*distributed{}, classic: map[string]*distributed{}, native: map[string]*distributed{}, skipped: map[string]int{}}, nil
}

// DistributionOptionsOf is what the options of a Watch mean for histograms.
func DistributionOptionsOf(o WatchOptions) DistributionOptions {
	return DistributionOptions{Detect: o.Detect, Match: o.Match, Ignore: o.Ignore, Page: o.Page, Max: o.Max / 5, Emit: o.Emit, Still: o.Still}
}

// Known reports whether the room has decided about a series.
func (d *Distributions) Known(ref uint64) bool {
	_, ok := d.series[ref]
	return ok
}

// Add decides whether a series is a histogram, or a part of one; kind is what
// its values mean.
func (d *Distributions) Add(ref uint64, ls labels.Labels, kind Kind) {
	if d.Known(ref) {
		return
	}
	d.series[ref] = nil
	switch {
	case kind == KindHistogram:
		d.join(ref, ls, ls, d.native)
	case isClassicBucket(ls, kind):
		h := d.join(ref, classicName(ls), ls, d.classic)
		if h.skip != "" {
			return
		}
		if h.rows == nil {
			h.rows = new(bucketRows)
		}
		before := h.rows.held()
		ok := h.rows.join(ref, bucketBound(ls))
		d.held += h.rows.held() - before
		if !ok {
			d.leave(h, "classic histogram of more than 200 buckets")
		}
	}
}

// isClassicBucket reports whether a series is a bucket of a classic histogram.
func isClassicBucket(ls labels.Labels, kind Kind) bool {
	return kind != KindGauge && strings.HasSuffix(ls.Get(labels.MetricName), "_bucket") && ls.Has(labels.BucketLabel)
}

// classicName is the histogram a bucket belongs to.
func classicName(ls labels.Labels) labels.Labels {
	return labels.NewBuilder(ls).Del(labels.BucketLabel).
		Set(labels.MetricName, strings.TrimSuffix(ls.Get(labels.MetricName), "_bucket")).Labels()
}

// join adds a series to its histogram, which is new with its first series.
func (d *Distributions) join(ref uint64, name, ls labels.Labels, of map[string]*distributed) *distributed {
	key := metric.FormatSeries(name)
	h := of[key]
	if h == nil {
		h = &distributed{ref: ref, labels: name}
		of[key] = h
		if h.skip = d.reasonNotTo(name, ls); h.skip == "" {
			d.watch(h)
		} else {
			d.skipped[h.skip]++
		}
	}
	h.refs++
	d.series[ref] = h
	return h
}

// watch begins to watch a histogram.
func (d *Distributions) watch(h *distributed) {
	det, err := detect.NewHistogram(d.opts.Detect, detect.HistogramMeta{Unit: unitOf(h.labels.Get(labels.MetricName))})
	if err != nil { // Validated in NewDistributions, and the units are ours.
		h.skip = "detector refused"
		d.skipped[h.skip]++
		return
	}
	h.det, h.page = det, matchesAny(d.opts.Page, h.labels)
	d.watching++
	d.warming++
}

// reasonNotTo names why a histogram is not watched; empty if it is. What the
// configuration names may be the histogram or its buckets.
func (d *Distributions) reasonNotTo(name, ls labels.Labels) string {
	named := func(sets [][]*labels.Matcher) bool { return matchesAny(sets, name) || matchesAny(sets, ls) }
	switch {
	case d.opts.Detect.Profile == detect.ProfileSkyline:
		return "the skyline profile knows no distributions"
	case d.watching >= d.opts.Max:
		return "limit of watched histograms reached"
	case isOwnResult(name):
		return "our own results"
	case named(d.opts.Ignore):
		return "named in detect.ignore"
	case len(d.opts.Match) > 0 && !named(d.opts.Match):
		return "not named in detect.match"
	}
	return ""
}

// leave gives up a histogram that was watched.
func (d *Distributions) leave(h *distributed, reason string) {
	if h.warm() {
		d.warming--
	}
	d.watching--
	d.held -= h.rows.held()
	h.det, h.rows, h.skip = nil, nil, reason
	d.skipped[reason]++
}

// unitOf reads the unit off a name, as the field's naming rules have it.
func unitOf(name string) string {
	for _, u := range []struct{ suffix, unit string }{
		{"_milliseconds", "ms"}, {"_microseconds", "us"}, {"_nanoseconds", "ns"}, {"_seconds", "s"}, {"_ms", "ms"}, {"_bytes", "B"}, {"_celsius", "C"},
	} {
		if strings.HasSuffix(name, u.suffix) {
			return u.unit
		}
	}
	return ""
}

// Observe takes one sample of a known series: a native histogram, or the count
// of a bucket.
func (d *Distributions) Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	s := d.series[ref]
	switch {
	case s == nil || s.det == nil:
	case s.rows == nil && h != nil:
		d.step(s, t, h)
	case s.rows != nil && h == nil:
		d.place(s, ref, t, v)
	}
}

// place puts the count of a bucket into its tick and judges what is complete.
func (d *Distributions) place(s *distributed, ref uint64, t int64, v float64) {
	before := s.rows.held()
	d.lost.add(s.rows.place(ref, t, v))
	d.lost.add(s.rows.next(0, func(t int64, h *histogram.FloatHistogram) { d.step(s, t, h) }))
	d.held += s.rows.held() - before
	if d.held > maxHeldValues {
		d.held -= s.rows.held()
		d.lost.Overflow += uint64(s.rows.clear())
	}
}

func (l *DistributionLosses) add(o DistributionLosses) {
	l.Late, l.Incomplete, l.Overflow = l.Late+o.Late, l.Incomplete+o.Incomplete, l.Overflow+o.Overflow
}

func (d *Distributions) step(s *distributed, t int64, h *histogram.FloatHistogram) {
	r := s.det.Step(t, h)
	d.after(s, t, r)
	switch r.Transition {
	case detect.TransitionOpened, detect.TransitionEscalated:
		s.still = d.opts.Still != nil
	default:
		s.still = s.still && r.Anomalous
		if s.still && s.det.Judged() {
			s.still = d.opts.Still(s.id, t, s.det.Beyond())
		}
	}
}

// after hands on what a step changed.
func (d *Distributions) after(s *distributed, t int64, r detect.Result) {
	switch enough := r.Verdict != detect.VerdictNotEnoughData && r.Verdict != detect.VerdictNoData; {
	case s.warm() && enough:
		d.warming--
	case !s.warm() && !enough:
		d.warming++
	}
	s.verdict = r.Verdict
	if r.Transition == detect.TransitionNone {
		return
	}
	a, ok := s.det.Anomaly()
	if !ok {
		return
	}
	if r.Transition == detect.TransitionOpened || s.id == "" {
		s.id = anomalyID(s.labels, distributionView, a.Start)
	}
	d.opts.Emit(Finding{ID: s.id, Ref: s.ref, Labels: s.labels, View: distributionView, Page: s.page, At: t, Transition: r.Transition, Anomaly: a})
}

// warm reports whether a histogram has too little data for a verdict.
func (s *distributed) warm() bool {
	return s.verdict == detect.VerdictNotEnoughData || s.verdict == detect.VerdictNoData
}

// Tick tells every histogram that the time is now (Unix milliseconds): ticks of
// classic histograms that are complete are judged, those that will not be are
// let go. Histograms are told in the order of their names.
func (d *Distributions) Tick(now int64) {
	for _, of := range []map[string]*distributed{d.native, d.classic} {
		for _, key := range slices.Sorted(maps.Keys(of)) {
			s := of[key]
			if s.det == nil {
				continue
			}
			if s.rows != nil {
				before := s.rows.held()
				d.lost.add(s.rows.next(now, func(t int64, h *histogram.FloatHistogram) { d.step(s, t, h) }))
				d.held += s.rows.held() - before
			}
			d.after(s, now, s.det.Tick(now))
		}
	}
}

// Remove forgets a series at now (Unix milliseconds). With the last series of a
// histogram an open anomaly ends: nobody else would ever say that it is over.
func (d *Distributions) Remove(ref uint64, now int64) {
	s := d.series[ref]
	delete(d.series, ref)
	if s == nil {
		return
	}
	if s.refs--; s.refs > 0 {
		if s.rows != nil {
			before := s.rows.held()
			s.rows.part(ref)
			d.held += s.rows.held() - before
		}
		return
	}
	key := metric.FormatSeries(s.labels)
	if d.classic[key] == s {
		delete(d.classic, key)
	} else {
		delete(d.native, key)
	}
	if s.skip != "" {
		d.skipped[s.skip]--
		return
	}
	d.watching--
	if s.warm() {
		d.warming--
	}
	if s.rows != nil {
		d.held -= s.rows.held()
	}
	if a, ok := s.det.Anomaly(); ok && a.Open && s.id != "" {
		a.Open, a.End = false, max(now, a.Start)
		d.opts.Emit(Finding{ID: s.id, Ref: s.ref, Labels: s.labels, View: distributionView, Page: s.page, At: now, Transition: detect.TransitionClosed, Anomaly: a, Gone: true})
	}
}
