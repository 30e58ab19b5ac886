package detect

import "time"

// ReputationConfig configures Reputations. The zero value is what a user should
// run.
type ReputationConfig struct {
	// HalfLife is the time in which a score halves. Default 6h.
	HalfLife time.Duration
	// MaxEntities bounds the entities remembered. Default 10,000.
	MaxEntities int
}

// Standing is the list an entity is on.
type Standing uint8

// The standings, from good to bad.
const (
	StandingGood Standing = iota
	StandingDubious
	StandingBad
)

// Deed is a scored event of an entity.
type Deed struct {
	Entity string
	At     int64   // Unix milliseconds.
	Weight float64 // How bad, > 0; the scale is that of Reputations.
	What   string  // One line.
}

// Reputation is what is known of one entity.
type Reputation struct {
	Entity   string
	Score    float64 // Decayed sum of weights, >= 0.
	Standing Standing
	Since    int64 // When the standing began, Unix milliseconds.
	Reasons  []Deed
}

// Reputations keeps a score per entity.
type Reputations struct{ cfg ReputationConfig }

// NewReputations returns no reputations, or everything that is wrong with cfg.
func NewReputations(cfg ReputationConfig) (*Reputations, error) { return &Reputations{cfg: cfg}, nil }

// Note takes a deed.
func (r *Reputations) Note(d Deed) {}

// List returns the entities as of now, worst first.
func (r *Reputations) List(now int64) []Reputation { return nil }
