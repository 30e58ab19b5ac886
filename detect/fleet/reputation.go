package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Reputations keeps a score per entity (a service, a host): what speaks against
// it, forgotten by half every half-life. One spike is weather; a service with
// five in a morning deserves a look although none of them was worth a page. The
// form is that of EWMA reputation systems: scored events, a decaying sum, and
// lists with hysteresis, so that who stands on the edge does not flap.
//
//	score   good -----> dubious -----> bad       upwards at 2 and at 6,
//	             <-----         <-----           downwards below 1 and below 4
//
// The mean over all entities is an early signal: many small things at once move
// it before any of them moves anybody. Reasons are the last few events. A
// Reputations has one owner and reads no clock.
type Reputations struct {
	cfg       ReputationConfig
	entities  map[string]*entity
	last      int64 // Newest instant told, Unix milliseconds.
	forgotten uint64
}

// ReputationConfig configures Reputations. The zero value is what a user should
// run.
type ReputationConfig struct {
	// HalfLife is the time in which a score halves, in [1m, 30d]. Default 6h.
	HalfLife time.Duration
	// MaxEntities bounds the entities remembered, in [1, 1e6]; the one with the
	// least score is forgotten first, and counted. Default 10,000.
	MaxEntities int
}

// What events weigh. An anomaly that was told is the unit.
const (
	WeightAnomaly = 1.0 // An anomaly, LOW.
	WeightPage    = 3.0 // An anomaly, HIGH.
	WeightTicket  = 3.0 // An objective that burns slowly.
	WeightBurning = 6.0 // An objective that burns fast enough to page.
	WeightCanary  = 4.0 // A canary that failed.
)

const (
	dubiousFrom, dubiousUntil = 2.0, 1.0
	badFrom, badUntil         = 6.0, 4.0
	deedsKept                 = 5
	weightMax                 = 1e6
)

// Standing is the list an entity is on.
type Standing uint8

// The standings, from good to bad.
const (
	StandingGood Standing = iota
	StandingDubious
	StandingBad
)

var standingNames = []string{"good", "dubious", "bad"}

// String returns "good", "dubious" or "bad".
func (s Standing) String() string {
	if int(s) < len(standingNames) {
		return standingNames[s]
	}
	return fmt.Sprintf("standing(%d)", uint8(s))
}

// MarshalText returns the stable name of s, for JSON.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the stable name of a standing.
func (s *Standing) UnmarshalText(text []byte) error {
	i := slices.Index(standingNames, string(text))
	if i < 0 {
		return fmt.Errorf("cannot parse standing %q: want one of %q", text, standingNames)
	}
	*s = Standing(i)
	return nil
}

// Deed is a scored event of an entity.
type Deed struct {
	Entity string
	At     int64   // Unix milliseconds.
	Weight float64 // How bad, > 0; WeightAnomaly is the unit.
	What   string  // One line.
}

// Reputation is what is known of one entity.
type Reputation struct {
	Entity   string
	Score    float64 // Sum of weights, each halved every half-life; >= 0.
	Standing Standing
	Since    int64  // When the standing began, Unix milliseconds; 0: always.
	Events   uint64 // All of its events so far.
	Reasons  []Deed // The last few, newest first.
}

type entity struct {
	score    float64 // As of at.
	at       int64
	standing Standing
	since    int64
	events   uint64
	deeds    []Deed // Oldest first.
}

// NewReputations returns no reputations, or everything that is wrong with cfg.
func NewReputations(cfg ReputationConfig) (*Reputations, error) {
	cfg.HalfLife, cfg.MaxEntities = cmp.Or(cfg.HalfLife, 6*time.Hour), cmp.Or(cfg.MaxEntities, 10_000)
	var errs []error
	if cfg.HalfLife < time.Minute || cfg.HalfLife > 30*24*time.Hour {
		errs = append(errs, fmt.Errorf("cannot use half-life %v: want a duration in [1m, 720h]; leave it out for the default 6h", cfg.HalfLife))
	}
	if cfg.MaxEntities < 1 || cfg.MaxEntities > 1e6 {
		errs = append(errs, fmt.Errorf("cannot remember %d entities: want a number in [1, 1e6]; leave it out for the default 10000", cfg.MaxEntities))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Reputations{cfg: cfg, entities: map[string]*entity{}}, nil
}

// HalfLife returns the time in which a score halves.
func (r *Reputations) HalfLife() time.Duration { return r.cfg.HalfLife }

// Meet makes an entity known without anything against it, so that the mean is
// over the good ones too. Where there is no room it stays unknown.
func (r *Reputations) Meet(name string) {
	if r.entities[name] == nil && name != "" && len(r.entities) < r.cfg.MaxEntities {
		r.entities[name] = &entity{at: r.last}
	}
}

// Note takes a deed. One without an entity, or whose weight is not positive,
// changes nothing; one told late counts for what it is worth by now.
func (r *Reputations) Note(d Deed) {
	if d.Entity == "" || !(d.Weight > 0) {
		return
	}
	d.Weight = min(d.Weight, weightMax)
	r.last = max(r.last, d.At)
	e := r.entities[d.Entity]
	if e == nil {
		r.makeRoom()
		e = &entity{at: d.At}
		r.entities[d.Entity] = e
	}
	r.age(e, r.last)
	e.score = min(e.score+d.Weight*r.decay(r.last-d.At), weightMax)
	e.events++
	if len(e.deeds) == deedsKept {
		e.deeds = slices.Delete(e.deeds, 0, 1)
	}
	e.deeds = append(e.deeds, d)
	e.rise(r.last)
}

// rise moves an entity up the lists.
func (e *entity) rise(at int64) {
	s := e.standing
	switch {
	case e.score >= badFrom:
		s = StandingBad
	case e.score >= dubiousFrom:
		s = max(s, StandingDubious)
	}
	if s != e.standing {
		e.standing, e.since = s, at
	}
}

// age lets time go on for one entity, and moves it down the lists at the
// instants at which it crossed their edges.
func (r *Reputations) age(e *entity, now int64) {
	if now <= e.at {
		return
	}
	for _, edge := range []struct {
		from, to Standing
		below    float64
	}{{StandingBad, StandingDubious, badUntil}, {StandingDubious, StandingGood, dubiousUntil}} {
		if e.standing != edge.from || e.score*r.decay(now-e.at) >= edge.below {
			continue
		}
		crossed := e.at
		if e.score > edge.below {
			crossed += int64(math.Log2(e.score/edge.below) * float64(r.cfg.HalfLife.Milliseconds()))
		}
		e.standing, e.since = edge.to, min(crossed, now)
	}
	e.score *= r.decay(now - e.at)
	if e.score < 1e-9 {
		e.score = 0
	}
	e.at = now
}

// decay is what is left of a weight after so many milliseconds.
func (r *Reputations) decay(ms int64) float64 {
	return math.Exp2(-float64(max(0, ms)) / float64(r.cfg.HalfLife.Milliseconds()))
}

// makeRoom forgets the least interesting tenth when all places are taken: the
// least score, then the longest silent.
func (r *Reputations) makeRoom() {
	if len(r.entities) < r.cfg.MaxEntities {
		return
	}
	type row struct {
		name string
		e    *entity
	}
	rows := make([]row, 0, len(r.entities))
	for n, e := range r.entities {
		r.age(e, r.last)
		rows = append(rows, row{n, e})
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.e.score, b.e.score), cmp.Compare(a.e.since, b.e.since), cmp.Compare(a.name, b.name))
	})
	n := max(1, len(rows)/10)
	for _, x := range rows[:n] {
		delete(r.entities, x.name)
	}
	r.forgotten += uint64(n)
}

// List returns every entity as of now (Unix milliseconds), worst first.
func (r *Reputations) List(now int64) []Reputation {
	r.last = max(r.last, now)
	out := make([]Reputation, 0, len(r.entities))
	for n, e := range r.entities {
		r.age(e, r.last)
		x := Reputation{Entity: n, Score: e.score, Standing: e.standing, Since: e.since, Events: e.events, Reasons: slices.Clone(e.deeds)}
		slices.Reverse(x.Reasons)
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Reputation) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Standing, a.Standing), cmp.Compare(a.Entity, b.Entity))
	})
	return out
}

// Average returns the mean score over every entity known as of now (Unix
// milliseconds), and how many those are; 0 if there is none.
func (r *Reputations) Average(now int64) (mean float64, entities int) {
	sum := 0.0
	for _, x := range r.List(now) { // In an order that is always the same: sums depend on it.
		sum += x.Score
	}
	return sum / float64(max(1, len(r.entities))), len(r.entities)
}

// Forgotten returns how many entities had to make room.
func (r *Reputations) Forgotten() uint64 { return r.forgotten }

// String renders a reputation for people.
func (x Reputation) String() string {
	s := fmt.Sprintf("%s: %s, score %.2f", x.Entity, x.Standing, x.Score)
	if x.Since > 0 {
		s += " since " + stamp(x.Since)
	}
	s += "\n"
	for _, d := range x.Reasons {
		s += fmt.Sprintf("  %s  +%.3g  %s\n", stamp(d.At), d.Weight, d.What)
	}
	return s
}
