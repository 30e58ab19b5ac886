package detect

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// PeerConfig configures Peers. The zero value is what a user should run.
type PeerConfig struct {
	// Budget is the number of false alarms tolerated per 1000 member-days.
	// Default DefaultBudget.
	Budget float64
	// Adapt is how long a member may differ before that is its usual place.
	// Default DefaultAdapt.
	Adapt time.Duration
	// MaxMembers bounds the members of one group. Default 512.
	MaxMembers int
	// MaxSeries bounds the series known in all groups. Default 250,000.
	MaxSeries int
}

// PeerFinding is a transition of the peer anomaly of one series.
type PeerFinding struct {
	Ref        uint64
	At         int64
	Transition Transition
	Anomaly    Anomaly
}

// Peers compares each series with its peers.
type Peers struct{ cfg PeerConfig }

// NewPeers returns no groups, or everything that is wrong with cfg.
func NewPeers(cfg PeerConfig) (*Peers, error) { return &Peers{cfg: cfg}, nil }

// Known reports whether a series has been added.
func (p *Peers) Known(ref uint64) bool { return false }

// Add puts a series into the group its labels name.
func (p *Peers) Add(ref uint64, ls labels.Labels, kind MetricKind) {}

// Observe takes a sample of a series.
func (p *Peers) Observe(ref uint64, t int64, v float64) {}

// Tick judges every round that is over as of now (Unix milliseconds).
func (p *Peers) Tick(now int64) []PeerFinding { return nil }

// Remove forgets a series.
func (p *Peers) Remove(ref uint64, now int64) []PeerFinding { return nil }
