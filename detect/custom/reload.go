package custom

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bellwether-ts/bellwether/detect"
)

// Replace takes other detectors at now (Unix milliseconds), while the runner
// works. A detector of the same name and version keeps what it remembers of
// each series; one whose version changed begins anew. Anomalies of detectors
// that went end. The notes say what was kept. On an error nothing changes.
func (r *Runner) Replace(detectors []*Detector, now int64) (notes []string, err error) {
	if err := Unique(detectors); err != nil {
		return nil, err
	}
	r.Finish() // What waits was meant for the old ones.
	old := map[string]*lot{}
	for _, l := range r.lots {
		old[l.d.name] = l
	}
	r.lots, r.bytes, r.kept = newLots(detectors), 0, nil
	taken := map[*lot]*moved{}
	for _, ref := range slices.Sorted(maps.Keys(r.series)) {
		k := r.series[ref]
		k.use, k.feeds, k.joined = nil, nil, false
		for _, l := range r.lots {
			was := old[l.d.name]
			var s *Series
			if was != nil && was.members[ref] != nil {
				m := taken[l]
				if m == nil {
					m = &moved{}
					taken[l] = m
				}
				s = m.over(l.d, was.members[ref], r.opts.Detect, k.meta)
			}
			r.place(ref, k, l, s)
			if was != nil && l.members[ref] != nil {
				delete(was.members, ref) // Taken over: what is left afterwards has ended.
			}
		}
	}
	if len(r.lots) == 0 {
		clear(r.series)
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		r.end(old[name], now)
	}
	for _, l := range r.lots {
		notes = append(notes, taken[l].note(l, old[l.d.name] != nil))
	}
	return notes, nil
}

// end closes what is open at the series nobody took over.
func (r *Runner) end(l *lot, now int64) {
	for _, ref := range slices.Sorted(maps.Keys(l.members)) {
		if s := l.members[ref]; s.End(now) {
			r.tell(ref, s, now, detect.TransitionClosed, fmt.Sprintf("detector %s looks at it no more", l.d.name))
		}
	}
}

// moved counts what a detector took over.
type moved struct{ series, state, calibration int }

// over moves one series to a new detector through a checkpoint, so that reload
// and restart are one code path.
func (m *moved) over(d *Detector, was *Series, cfg detect.Config, meta detect.Meta) *Series {
	s, kept, err := d.Restore(cfg, meta, was.labels, was.AppendState(nil))
	if err != nil { // Written a moment ago by this build; a test holds that.
		return nil
	}
	s.stop, s.inRow = "", 0
	m.series++
	if kept.State {
		m.state++
	}
	if kept.Calibration {
		m.calibration++
	}
	return s
}

// note says what became of one detector.
func (m *moved) note(l *lot, before bool) string {
	switch {
	case !before:
		return fmt.Sprintf("detector %s version %d: new", l.d.name, l.d.version)
	case m == nil:
		return fmt.Sprintf("detector %s version %d: no series yet", l.d.name, l.d.version)
	case m.state == 0:
		return fmt.Sprintf("detector %s version %d: begins anew on %d series", l.d.name, l.d.version, m.series)
	case m.calibration == 0 && !l.d.calibrated:
		return fmt.Sprintf("detector %s version %d: keeps the state of %d series; its score changed and is calibrated anew", l.d.name, l.d.version, m.state)
	}
	return fmt.Sprintf("detector %s version %d: keeps the state of %d series", l.d.name, l.d.version, m.state)
}
