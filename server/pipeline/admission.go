package pipeline

import (
	"sync"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/detect/fleet"
)

// Admission stands between what detectors find and who is told: a fleet of many
// series opens many anomalies in which nothing is wrong, and fleet.Fleet rules
// which are told. What is held back is handed on all the same, with the reason
// in it, so that it is listed and counted; when it is admitted later, it opens
// then. Safe for concurrent use: detectors of all lanes ask it.
type Admission struct {
	opts    AdmissionOptions
	mu      sync.Mutex
	fleet   *fleet.Fleet       // nil: everything is told.
	held    map[string]Finding // Held back and open.
	classes map[string]Classes // Series watched, by who watches them.
}

// AdmissionOptions configures an Admission.
type AdmissionOptions struct {
	Detect detect.Config
	// Tell receives every transition, in order of one caller's; HeldBack is set
	// where nobody is to be told. Required.
	Tell func(Finding)
}

// NewAdmission returns an admission without findings, or every fault of the
// configuration. The skyline profile counts votes, which no budget bounds: its
// findings are all told.
func NewAdmission(o AdmissionOptions) (*Admission, error) {
	a := &Admission{opts: o, held: map[string]Finding{}, classes: map[string]Classes{}}
	if o.Detect.Profile == detect.ProfileSkyline {
		return a, nil
	}
	var err error
	a.fleet, err = fleet.New(fleet.Config{Budget: o.Detect.Budget, Open: o.Detect.Open})
	return a, err
}

// Found takes a transition.
func (a *Admission) Found(f Finding) {
	a.opts.Tell(a.rule(f))
}

// rule returns the finding with what the fleet says of it.
func (a *Admission) rule(f Finding) Finding {
	if a.fleet == nil || f.Anomaly.Kind == detect.KindCustom { // A user's own detector is asked to tell.
		return f
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.Transition == detect.TransitionClosed {
		r, known := a.fleet.Close(f.ID, f.At)
		if known && !r.Admitted() {
			delete(a.held, f.ID)
			f.HeldBack, f.Ruling = r.Reason(), r.String()
		}
		return f
	}
	_, was := a.held[f.ID]
	if f.Transition == detect.TransitionEscalated && !was {
		return f // Told before, or found before a restart.
	}
	r := a.fleet.Open(openingOf(f))
	f.HeldBack, f.Ruling = "", r.String()
	if !r.Admitted() {
		f.HeldBack = r.Reason()
		a.held[f.ID] = f
		return f
	}
	delete(a.held, f.ID)
	if was {
		f.Transition = detect.TransitionOpened // What escalates was never told.
	}
	return f
}

// openingOf says of a finding what the fleet wants to know.
func openingOf(f Finding) fleet.Opening {
	n := f.Anomaly
	return fleet.Opening{ID: f.ID, High: f.Page, At: f.At, Change: n.Change, Kind: n.Kind, Evidence: n.Peak, Bar: n.Trace.Bar}
}

// Still takes one more sample of an open anomaly: how far it is beyond the
// usual (detect.Series.Beyond). wanted is false where no more are needed.
func (a *Admission) Still(id string, at int64, beyond float64) (wanted bool) {
	a.mu.Lock()
	f, held := a.held[id]
	if !held {
		a.mu.Unlock()
		return false
	}
	r, wanted := a.fleet.Still(id, at, beyond)
	if r.Admitted() {
		f = a.admit(f, r)
	}
	a.mu.Unlock()
	if r.Admitted() {
		a.opts.Tell(f)
	}
	return wanted
}

// Tick judges what is held back, as of now (Unix milliseconds).
func (a *Admission) Tick(now int64) {
	if a.fleet == nil {
		return
	}
	a.mu.Lock()
	var told []Finding
	for _, r := range a.fleet.Tick(now) {
		if f, ok := a.held[r.Opening.ID]; ok {
			told = append(told, a.admit(f, r))
		}
	}
	a.mu.Unlock()
	for _, f := range told {
		a.opts.Tell(f)
	}
}

// admit turns a finding held back into one that opens now.
func (a *Admission) admit(f Finding, r fleet.Ruling) Finding {
	delete(a.held, f.ID)
	f.HeldBack, f.Ruling = "", r.String()
	f.Transition, f.At = detect.TransitionOpened, max(f.At, r.At)
	return f
}

// Watching says how many series somebody watches, by priority.
func (a *Admission) Watching(who string, c Classes) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.classes[who] = c
	if a.fleet == nil {
		return
	}
	low, high := 0, 0
	for _, c := range a.classes {
		low, high = low+c.Low, high+c.High
	}
	a.fleet.Watching(low, high)
}

// Classes counts series by the priority of their anomalies.
type Classes struct{ Low, High int }

// remember takes an anomaly that was open in an earlier process: told again
// only if it was told then.
func (a *Admission) remember(f Finding) {
	if a.fleet == nil || f.HeldBack == "" || !f.Anomaly.Open {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fleet.Open(openingOf(f))
	a.held[f.ID] = f
}

// pass lets a finding held back through without telling it: it was told in an
// earlier life. The finding returned is that of the list.
func (a *Admission) pass(id string) (Finding, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, ok := a.held[id]
	if ok {
		a.fleet.Close(id, f.At)
		delete(a.held, id)
		f.HeldBack, f.Ruling = "", ""
	}
	return f, ok
}

// AdmissionStats counts what became of openings so far.
type AdmissionStats struct {
	Held      int // Held back and open now.
	Low, High fleet.ClassCounts
}

// Stats returns the counts now.
func (a *Admission) Stats() AdmissionStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := AdmissionStats{Held: len(a.held)}
	if a.fleet != nil {
		s.Low, s.High = a.fleet.Counts(false), a.fleet.Counts(true)
	}
	return s
}

// Why is the trace of the finding, what its peers do and what the fleet says of
// it.
func (f Finding) Why() string {
	why := f.Anomaly.Trace.String()
	if f.Peers != "" {
		why += "peers: " + f.Peers + "\n"
	}
	return why + f.Ruling
}

// persist asks whether an open anomaly still needs its samples, and hands them
// on while it does.
func (w *Watch) persist(v *view, t int64, r detect.Result) {
	switch {
	case w.opts.Still == nil || !r.Anomalous:
		v.told = false
	case r.Transition == detect.TransitionNone && !v.told && v.id != "":
		v.told = !w.opts.Still(v.id, t, v.det.Beyond())
	}
}

// Classes counts the series watched.
func (w *Watch) Classes() (c Classes) {
	for _, s := range w.series {
		switch {
		case s.skip != "":
		case s.page:
			c.High++
		default:
			c.Low++
		}
	}
	return c
}
