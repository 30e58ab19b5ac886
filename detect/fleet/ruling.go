package fleet

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Door is the way by which an opening was admitted.
type Door uint8

// The doors. DoorNone is that of an opening held back.
const (
	DoorNone        Door = iota
	DoorStrength         // So strong that one alone is rare enough.
	DoorPersistence      // The samples after it keep saying the same.
	DoorCompany          // Too many series at once for chance (e-BH).
	DoorPatience         // It stayed open longer than lone openings do.
	DoorNoRoom           // Too many are held back already to watch one more.
	doorCount
)

var doorNames = []string{"none", "strength", "persistence", "company", "patience", "no-room"}

// String returns the stable name of d, such as "company".
func (d Door) String() string {
	if int(d) < len(doorNames) {
		return doorNames[d]
	}
	return fmt.Sprintf("door(%d)", uint8(d))
}

// Ruling says whether an opening is told, and why; or why not, and what would
// admit it. String is its one renderer.
type Ruling struct {
	Opening  Opening
	Door     Door    // DoorNone: held back.
	At       int64   // Instant of the ruling, Unix milliseconds.
	Over     bool    // The anomaly is closed.
	Rate     float64 // False alarms per 1000 series-days expected at its evidence.
	Alone    float64 // The rate from which one alone is told.
	Excess   float64 // How many times as many lone openings come as promised.
	Bet      float64 // Odds that the samples since it opened give,
	BetNeed  float64 // and those that admit it.
	Company  int     // Openings in the window, itself included,
	Watched  int     // of so many series,
	E        float64 // its e-value among them,
	ENeed    float64 // and the one that admits it; 0 if not judged in company yet.
	Patience int64   // Instant at which it is told for having stayed open.
}

// Admitted reports whether the opening is told.
func (r Ruling) Admitted() bool { return r.Door != DoorNone }

// Delay is the time from the opening to its admission, in milliseconds; 0 while
// it is held back.
func (r Ruling) Delay() int64 {
	if r.Door == DoorNone {
		return 0
	}
	return max(0, r.At-r.Opening.At)
}

// ruling writes down how an opening stands.
func (f *Fleet) ruling(h *held, at int64) Ruling {
	c := f.class(h.o.High)
	excess := c.excess()
	return Ruling{
		Opening: h.o, Door: h.door, At: at, Over: h.closed,
		Rate: f.rate(h.o), Alone: c.share() * f.cfg.Budget / excess, Excess: excess,
		Bet: h.bet, BetNeed: f.odds(),
		Company: h.company, Watched: c.watched, E: f.evalue(c, h), ENeed: h.needed,
		Patience: h.o.At + int64(f.patience(c)),
	}
}

// admit opens a door to an opening.
func (f *Fleet) admit(h *held, d Door, at int64) Ruling {
	c := f.class(h.o.High)
	h.door = d
	c.counts.Admitted[d]++
	if d == DoorPatience {
		c.patient++
	}
	if h.lone && d != DoorStrength { // What lasts in the end was no lone one.
		h.lone = false
		c.lone--
	}
	return f.ruling(h, at)
}

// Held returns the openings held back and still open, HIGH ones first, then by
// instant and ID.
func (f *Fleet) Held() []Ruling {
	var out []Ruling
	for _, h := range f.held {
		if h.door == DoorNone {
			out = append(out, f.ruling(h, f.last))
		}
	}
	slices.SortFunc(out, compareRulings)
	return out
}

func compareRulings(a, b Ruling) int {
	if a.Opening.High != b.Opening.High {
		if a.Opening.High {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Opening.At, b.Opening.At), cmp.Compare(a.Opening.ID, b.Opening.ID))
}

// Counts returns what became of the openings of a class so far.
func (f *Fleet) Counts(high bool) ClassCounts { return f.class(high).counts }

// String renders the ruling for people: the decision, and each door with what
// it asks and what there is.
func (r Ruling) String() string {
	var b strings.Builder
	switch {
	case r.Door != DoorNone:
		fmt.Fprintf(&b, "told: %s", r.sentence())
		if d := r.Delay(); d > 0 {
			fmt.Fprintf(&b, ", %s after it opened", lasted(d))
		}
	case r.Over:
		fmt.Fprintf(&b, "never told: over before anything admitted it")
	default:
		fmt.Fprintf(&b, "held back: too little beside %d series watched", r.Watched)
	}
	fmt.Fprintf(&b, "\n  strength     %s false alarms per 1000 series-days at this evidence; one alone is told from %s (evidence %.2f, now %.2f)\n",
		short(r.Rate), short(r.Alone), r.Opening.Evidence+math.Log10(r.Rate/r.Alone), r.Opening.Evidence)
	fmt.Fprintf(&b, "  persistence  the samples since give odds of %s; told from %s\n", short(r.Bet), short(r.BetNeed))
	if r.ENeed > 0 {
		fmt.Fprintf(&b, "  company      %d openings within %s of %d series: e-value %s; told from %s\n", r.Company, lasted(fleetWindow), r.Watched, short(r.E), short(r.ENeed))
	}
	fmt.Fprintf(&b, "  patience     told at %s if it is open then\n", stamp(r.Patience))
	if r.Excess > 1.05 || r.Excess < .95 {
		fmt.Fprintf(&b, "  note: lone openings come %.2g times as often as promised; what one alone has to show follows\n", r.Excess)
	}
	return b.String()
}

// Reason is the ruling in one sentence.
func (r Ruling) Reason() string {
	switch {
	case r.Door != DoorNone:
		return r.sentence()
	case r.Over:
		return "it was over before anything admitted it; one alone at this strength is expected " + short(r.Rate) + " times per 1000 series-days"
	}
	return fmt.Sprintf("one alone at this strength is expected %s times per 1000 series-days and told from %s; it is told if it lasts, if others join it, or at %s if it is open then",
		short(r.Rate), short(r.Alone), stamp(r.Patience))
}

func (r Ruling) sentence() string {
	switch r.Door {
	case DoorStrength:
		return fmt.Sprintf("one alone this strong is expected only %s times per 1000 series-days", short(r.Rate))
	case DoorPersistence:
		return fmt.Sprintf("the samples after it keep saying the same, odds of %s", short(r.Bet))
	case DoorCompany:
		return fmt.Sprintf("%d of %d series at once are too many for chance", r.Company, r.Watched)
	case DoorPatience:
		return "it stays open longer than lone spikes do"
	}
	return "too many are held back already to watch one more"
}

// short prints two significant digits, large numbers in full.
func short(x float64) string {
	if x >= 100 && x < 1e7 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.2g", x)
}

// lasted prints a time in milliseconds.
func lasted(ms int64) string {
	return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
}

// stamp renders Unix milliseconds for people.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") }
