package fleet

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bellwether-ts/bellwether/detect"
)

// Fleet decides which openings of many series are told. One series keeps its
// budget; a hundred thousand that keep theirs still open a thousand anomalies a
// day in which nothing is wrong. So an opening is held back until one of four
// doors lets it through:
//
//	opening --> strength     so unlikely that one alone is rare enough
//	        --> persistence  the samples after it are beyond the usual too
//	        --> company      too many at once for chance: e-BH over the class
//	        --> patience     it stayed open longer than lone spikes do
//
// Each door lets false alarms through at a share of the budget, so the sum
// holds whatever the doors have to do with each other: strength by its p-value,
// persistence by Ville's inequality (the product of e-values of successive
// samples exceeds x with a chance of 1/x at most), company by the false
// discovery rate of e-BH, which holds under any dependence; patience by growing
// where it has let more through than its share.
//
// Strength is an online budget: the class keeps a decaying count of openings
// that neither lasted nor came together, and where those come more often than
// promised (heavy tails, noisy jobs) it asks for as many times more, where they
// come less often for less. So the long-run rate of lone openings told is the
// share of the budget, whatever the series' calibration is worth.
//
// HIGH series are a class of their own and are judged first. Held back is not
// dropped: an opening is judged again at each tick and each sample while it is
// open, so a real incident is delayed at most, and every one is in Held and in
// Counts. A Fleet reads no clock and has one owner.
type Fleet struct {
	cfg     Config
	classes [2]fleetClass // LOW, HIGH.
	held    map[string]*held
	last    int64 // The newest tick, Unix milliseconds.
}

// Config configures a Fleet. The zero value is what a user should run.
type Config struct {
	// Budget is the budget of the series, in false alarms per 1000 series-days,
	// in (0, 1e6]: Config.Budget. Default DefaultBudget. Of openings in which
	// nothing is wrong all of it is told in a fleet of 1000 series, about a fifth
	// in one of 5000 and more.
	Budget float64
	// Open is what the series' detectors open at, in the same unit: Config.Open.
	// Default Budget.
	Open float64
	// MaxHeld bounds the openings held back at once, in [1, 1e7]; where one more
	// comes it is told, because it cannot be watched. Default 250,000.
	MaxHeld int
}

// Shares of the budget that each door lets through where nothing is wrong, and
// what else the doors are made of.
const (
	shareStrength    = .2 // Of a fleet of 5,000 series and more; all of it up to fleetLeast.
	sharePersistence = .1
	fleetAlpha       = .1     // False discovery rate of the company door.
	fleetLeast       = 1_000  // A smaller fleet is judged as this many: the budget is per 1000, and time repeats what series do not.
	fleetWindow      = 300e3  // Milliseconds within which openings are company.
	fleetStride      = 60_000 // Milliseconds between the instants judged when time jumps.
	fleetPatience    = 3600e3 // Milliseconds an opening stays open to be told for that alone,
	patienceSamples  = 20     // and samples at least;
	patienceMost     = 12     // so many times that where patience has let too many through.
	patiencePrior    = 2      // Openings it lets through before that is looked at.
	sharePatience    = .1     // Of the budget: what patience lets through before it grows.
	betMin, betMax   = .5, 20 // Bounds of what one more sample is worth.
	dayMS            = 86_400_000
)

// Opening is an anomaly of one series that asks to be told.
type Opening struct {
	ID       string // Tells openings apart; the same ID again is an escalation.
	High     bool   // Of a series that pages: a class of its own, judged first.
	At       int64  // Instant of the step that opened it, Unix milliseconds.
	Change   int64  // Estimated instant of the change, <= At.
	Kind     detect.Kind
	Evidence float64 // -log10 p at that step.
	Bar      float64 // The evidence at which Config.Open false alarms are expected.
}

// held is an opening and what was learned of it since.
type held struct {
	o       Opening
	bet     float64 // Product of the e-values of the samples since it opened.
	first   float64 // Evidence when it opened.
	samples uint32
	company int     // Openings in the window it was last judged in,
	needed  float64 // and the e-value from which they were admitted.
	door    Door    // DoorNone while it is held back.
	closed  bool
	fresh   bool // Not yet judged in company.
	lone    bool // Counted as lone.
}

// New returns a fleet without openings, or everything that is wrong with
// cfg.
func New(cfg Config) (*Fleet, error) {
	if cfg.Budget == 0 {
		cfg.Budget = detect.DefaultBudget
	}
	if cfg.MaxHeld == 0 {
		cfg.MaxHeld = 250_000
	}
	if cfg.Open == 0 {
		cfg.Open = cfg.Budget
	}
	var errs []error
	if !(cfg.Budget > 0 && cfg.Budget <= 1e6) {
		errs = append(errs, fmt.Errorf("cannot use budget %v: want false alarms per 1000 series-days in (0, 1e6]; leave it out for the default %v", cfg.Budget, detect.DefaultBudget))
	}
	if !(cfg.Open > 0 && cfg.Open <= 1e6) {
		errs = append(errs, fmt.Errorf("cannot use open %v: want false alarms per 1000 series-days in (0, 1e6]; leave it out for the budget", cfg.Open))
	}
	if cfg.MaxHeld < 1 || cfg.MaxHeld > 1e7 {
		errs = append(errs, fmt.Errorf("cannot hold back %d openings: want a number in [1, 1e7]; leave it out for the default 250000", cfg.MaxHeld))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Fleet{cfg: cfg, held: map[string]*held{}}, nil
}

// Watching says how many series each class has.
func (f *Fleet) Watching(low, high int) {
	f.classes[0].watched, f.classes[1].watched = max(0, low), max(0, high)
}

// Open takes an opening, or the escalation of one, and rules on it. Instants
// need not be in order.
func (f *Fleet) Open(o Opening) Ruling {
	o = o.clean()
	c := f.class(o.High)
	h := f.held[o.ID]
	if h == nil {
		c.counts.Opened++
		h = &held{o: o, bet: 1, first: o.Evidence, fresh: true}
		if len(f.held) >= f.cfg.MaxHeld {
			return f.admit(h, DoorNoRoom, o.At)
		}
		f.held[o.ID] = h
		c.recent = append(c.recent, h)
	}
	if o.Evidence > h.o.Evidence {
		h.o.Evidence, h.o.Bar, h.o.Kind = o.Evidence, o.Bar, o.Kind
		h.fresh = true
	}
	if h.door == DoorNone && f.strong(c, h, c.excess()) {
		return f.admit(h, DoorStrength, o.At)
	}
	return f.ruling(h, o.At)
}

// Still takes one more sample of an opening held back: beyond is how far it is
// from its expectation, as a multiple of the distance the series exceeds twice
// in a thousand samples (Series.Beyond). wanted is false where no more samples
// are needed, because the opening is told or over.
func (f *Fleet) Still(id string, at int64, beyond float64) (r Ruling, wanted bool) {
	h := f.held[id]
	if h == nil || h.door != DoorNone {
		return Ruling{}, false
	}
	h.samples++
	e := betMin
	if beyond >= 1 { // What is within the usual speaks for chance, however little.
		e = min(betMax, detect.EValue(detect.BeyondChance(beyond)))
	}
	h.bet = min(h.bet*e, 1e9)
	if h.bet >= f.odds() {
		return f.admit(h, DoorPersistence, at), false
	}
	return f.ruling(h, at), true
}

// odds is what the samples after an opening have to give.
func (f *Fleet) odds() float64 { return f.cfg.Open / (sharePersistence * f.cfg.Budget) }

// Close says that the anomaly of an opening is over. If it was held back it
// stays so, and keeps others company until the window has passed.
func (f *Fleet) Close(id string, at int64) (Ruling, bool) {
	h := f.held[id]
	if h == nil {
		return Ruling{}, false
	}
	h.closed = true
	delete(f.held, id)
	if h.door == DoorNone {
		f.class(h.o.High).counts.Over++
	}
	return f.ruling(h, at), true
}

// Tick judges what is held back together, as of now (Unix milliseconds), and
// returns those admitted: HIGH ones first, then by instant and ID.
func (f *Fleet) Tick(now int64) []Ruling {
	f.pass(now)
	var out []Ruling
	for _, c := range []*fleetClass{&f.classes[1], &f.classes[0]} {
		from := len(out)
		for _, at := range c.instants(now) {
			out = append(out, f.judge(c, at)...)
		}
		excess, patience := c.excess(), f.patience(c) // Before anything here is admitted: the order must not matter.
		for _, h := range f.held {
			if h.door != DoorNone || f.class(h.o.High) != c {
				continue
			}
			h.o.Evidence = max(h.o.Evidence, h.silence(now))
			switch {
			case f.strong(c, h, excess):
				out = append(out, f.admit(h, DoorStrength, now))
			case h.patient(now, patience):
				out = append(out, f.admit(h, DoorPatience, now))
			}
		}
		c.forget(now)
		slices.SortFunc(out[from:], compareRulings)
	}
	return out
}

// clean returns the opening with numbers that can be reckoned with.
func (o Opening) clean() Opening {
	if !(o.Evidence >= 0) {
		o.Evidence = 0
	}
	if !(o.Bar >= 0) {
		o.Bar = 0
	}
	o.Evidence, o.Bar = min(o.Evidence, 300), min(o.Bar, 300)
	return o
}

// judge runs e-BH over the openings of a class in the window that ends at an
// instant.
func (f *Fleet) judge(c *fleetClass, at int64) []Ruling {
	var in []*held
	var e []float64
	for _, h := range c.recent {
		if h.o.At <= at && h.o.At > at-fleetWindow {
			in, e = append(in, h), append(e, f.evalue(c, h))
			h.fresh = false
		}
	}
	_, threshold := EBH(e, c.size(), fleetAlpha)
	var out []Ruling
	for i, h := range in {
		h.company, h.needed = len(in), threshold
		if e[i] >= threshold && h.door == DoorNone && !h.closed {
			out = append(out, f.admit(h, DoorCompany, at))
		}
	}
	return out
}
