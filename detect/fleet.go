package detect

import (
	"errors"
	"fmt"
	"math"
)

// FleetConfig configures a Fleet. The zero value is what a user should run.
type FleetConfig struct {
	// Budget is what the series' detectors open at, in false alarms per 1000
	// series-days, in (0, 1e6]: Config.Budget. Default DefaultBudget.
	Budget float64
	// MaxHeld bounds the openings held back and remembered at once; the oldest
	// is let go, counted, where one more comes. Default 50,000.
	MaxHeld int
}

// Opening is an anomaly of one series that asks to be told.
type Opening struct {
	ID       string // Tells openings apart.
	High     bool   // Of a series that pages: a class of its own, judged first.
	At       int64  // Instant of the step that opened it, Unix milliseconds.
	Change   int64  // Estimated instant of the change, <= At.
	Kind     Kind
	Evidence float64 // -log10 p at that step.
	Bar      float64 // The evidence at which Budget false alarms are expected.
}

// Door is the way by which an opening was admitted.
type Door uint8

// The doors.
const (
	DoorNone        Door = iota // Held back.
	DoorStrength                // So strong that one alone is rare enough.
	DoorPersistence             // The samples after it keep saying the same.
	DoorCompany                 // Too many series at once for chance (e-BH).
	DoorPatience                // It stayed open longer than lone openings do.
)

// Ruling says whether an opening is told, and why; or why not, and what would
// admit it.
type Ruling struct {
	Opening  Opening
	Admitted bool
	Door     Door
	At       int64 // Instant of the ruling, Unix milliseconds.
}

// Fleet decides which openings of many series are told.
type Fleet struct{ cfg FleetConfig }

// NewFleet returns a fleet without openings, or everything that is wrong with
// cfg.
func NewFleet(cfg FleetConfig) (*Fleet, error) {
	if cfg.Budget == 0 {
		cfg.Budget = DefaultBudget
	}
	var errs []error
	if !(cfg.Budget > 0 && cfg.Budget <= 1e6) || math.IsNaN(cfg.Budget) {
		errs = append(errs, fmt.Errorf("cannot use budget %v: want false alarms per 1000 series-days in (0, 1e6]; leave it out for the default %v", cfg.Budget, DefaultBudget))
	}
	return &Fleet{cfg: cfg}, errors.Join(errs...)
}

// Watching says how many series each class has.
func (f *Fleet) Watching(low, high int) {}

// Open takes an opening and rules on it.
func (f *Fleet) Open(o Opening) Ruling { return Ruling{Opening: o, Admitted: true, At: o.At} }

// Still takes the evidence of one more sample of an opening held back; wanted
// is false if it is not held back, and no more samples of it are needed.
func (f *Fleet) Still(id string, at int64, evidence float64) (r Ruling, wanted bool) {
	return Ruling{}, false
}

// Close says that the anomaly of an opening is over.
func (f *Fleet) Close(id string, at int64) {}

// Tick judges what is held back together, as of now (Unix milliseconds), and
// returns those admitted, HIGH ones first, then by time and ID.
func (f *Fleet) Tick(now int64) []Ruling { return nil }
