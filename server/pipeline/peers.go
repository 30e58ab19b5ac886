package pipeline

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
)

// PeerRoom compares each series with its peers, the same metric of other copies
// of one thing (detect.Peers), and turns what it finds into findings. A native
// histogram takes part by its mean. It has one owner.
type PeerRoom struct {
	opts   WatchOptions
	peers  *detect.Peers
	series map[uint64]peerSeries
}

type peerSeries struct {
	labels labels.Labels
	page   bool
	last   histogramAt
}

// peerView is the view of a finding about a series among its peers.
const peerView = "peers"

// NewPeerRoom returns a room without series, or every fault of the
// configuration. Emit receives every transition.
func NewPeerRoom(o WatchOptions) (*PeerRoom, error) {
	peers, err := detect.NewPeers(detect.PeerConfig{Budget: o.Detect.Budget, Adapt: o.Detect.Adapt, MaxSeries: o.Max})
	return &PeerRoom{opts: o, peers: peers, series: map[uint64]peerSeries{}}, err
}

// Known reports whether the room has decided about a series.
func (r *PeerRoom) Known(ref uint64) bool {
	_, ok := r.series[ref]
	return ok
}

// Add puts a series among its peers, unless detectors leave it out too.
func (r *PeerRoom) Add(ref uint64, ls labels.Labels, kind Kind) {
	r.series[ref] = peerSeries{labels: ls, page: matchesAny(r.opts.Page, ls)}
	asWatched := Watch{opts: r.opts} // The rules of what is watched are its.
	asWatched.opts.Max = 1
	if asWatched.reasonNotTo(ls, kind) == "" {
		r.peers.Add(ref, ls, kind.detectKind())
	}
}

// Observe takes a sample: a float, or a histogram where h is not nil.
func (r *PeerRoom) Observe(ref uint64, t int64, v float64, h *histogram.FloatHistogram) {
	if h == nil {
		r.peers.Observe(ref, t, v)
		return
	}
	s := r.series[ref]
	_, mean, ok := increase(s.last.h, s.last.t, h, t)
	s.last = histogramAt{h, t}
	r.series[ref] = s
	if ok {
		r.peers.Observe(ref, t, mean)
	}
}

// Tick judges what came until now (Unix milliseconds).
func (r *PeerRoom) Tick(now int64) { r.emit(r.peers.Tick(now)) }

// Remove forgets a series at now (Unix milliseconds); an open anomaly ends.
func (r *PeerRoom) Remove(ref uint64, now int64) {
	r.emit(r.peers.Remove(ref, now))
	delete(r.series, ref)
}

// Counts returns what is compared and what is not.
func (r *PeerRoom) Counts() detect.PeerCounts { return r.peers.Counts() }

func (r *PeerRoom) emit(found []detect.PeerFinding) {
	for _, f := range found {
		s := r.series[f.Ref]
		if f.Transition == detect.TransitionNone {
			if r.opts.Still != nil {
				r.opts.Still(anomalyID(s.labels, peerView, f.Anomaly.Start), f.At, f.Beyond)
			}
			continue
		}
		r.opts.Emit(Finding{
			ID: anomalyID(s.labels, peerView, f.Anomaly.Start), Ref: f.Ref, Labels: s.labels, View: peerView,
			Page: s.page, At: f.At, Transition: f.Transition, Anomaly: f.Anomaly, Gone: f.Gone,
		})
	}
}

// buildPeers makes the room and its lane.
func (p *Pipeline) buildPeers() error {
	o, err := WatchOptionsOf(p.opts.Config)
	if err != nil {
		return err
	}
	o.Emit, o.Still = p.found, p.Admission.Still
	if p.peers, err = NewPeerRoom(o); err != nil {
		return err
	}
	p.peerLane = newLane("peers", func(b *metric.Batch) {
		for i, ref := range b.Refs {
			if !p.peers.Known(ref) {
				if ls, kind, ok := p.describe(ref); ok {
					p.peers.Add(ref, ls, kind)
					p.reputations.meet(ls)
				}
			}
			p.peers.Observe(ref, b.T[i], b.V[i], b.H[i])
		}
	}, func(now int64) {
		p.peers.Tick(now)
		p.Admission.Watching("peers", Classes{Low: p.peers.Counts().Judged})
	})
	return nil
}

// PeersOf says in one sentence what the peers of a series do now; empty if it
// has none.
func (p *Pipeline) PeersOf(ref uint64) (sentence string) {
	p.peerLane.view(func() {
		if c, ok := p.peers.peers.Context(ref); ok {
			sentence = c.String()
		}
	})
	return sentence
}

// PeerCounts returns what is compared with peers and what is not.
func (p *Pipeline) PeerCounts() (c detect.PeerCounts) {
	p.peerLane.view(func() { c = p.peers.Counts() })
	return c
}

// withPeers says of a finding what the peers of its series do: nothing of those
// where the finding itself is about them, or comes from a restart.
func (p *Pipeline) withPeers(f Finding) Finding {
	if f.View == "" && !f.Gone {
		f.Peers = p.PeersOf(f.Ref)
	}
	return f
}
