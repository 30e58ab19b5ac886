package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
)

// Deploys: somebody tells us that a change went out, and the series it touches
// may move their level without an anomaly (detect/deploy.go).

const (
	maxDeploys     = 1000                // Remembered; the oldest makes room.
	deployNews     = int64(2 * 3600_000) // A new series heeds deploys of the last two hours.
	maxDeployAhead = 24 * time.Hour      // How far ahead a deploy may be announced.
	maxDeployAge   = 7 * 24 * time.Hour  // How late one may be told.
	keptSaid       = 30 * 24 * time.Hour // How long what was said is kept.
	maxDeployText  = 500                 // Bytes of a description.
)

// Deploy is a change that went out.
type Deploy struct {
	ID          string `json:"id"`
	At          int64  `json:"at"`    // When it went out, Unix milliseconds.
	Given       int64  `json:"given"` // When we were told.
	Matcher     string `json:"matcher"`
	Description string `json:"description,omitempty"`
	Series      int    `json:"series"` // How many it touched when we were told.

	Moved    int `json:"-"` // Series whose level was accepted since, in this process.
	matchers []*labels.Matcher
}

// effect is the instant from which it is heeded: a deploy told of late cannot
// change what was said before.
func (d Deploy) effect() int64 { return max(d.At, d.Given) }

// Name is what people call it.
func (d Deploy) Name() string {
	name := d.Description
	if name == "" {
		name = d.Matcher
	}
	return fmt.Sprintf("%s (%s)", name, time.UnixMilli(d.At).UTC().Format("2006-01-02 15:04:05"))
}

// ErrBadDeploy says that a deploy cannot be marked as it is described.
var ErrBadDeploy = errors.New("cannot mark the deploy")

// MarkDeploy tells the detectors that a change went out at an instant (Unix
// milliseconds; 0: now). The same deploy told twice is one. It returns the
// deploy with the number of series it touches.
func (p *Pipeline) MarkDeploy(matcher string, at int64, description string) (Deploy, error) {
	now := p.Now().UnixMilli()
	if at == 0 {
		at = now
	}
	ms, err := metric.ParseMatchers(matcher)
	switch {
	case err != nil:
		return Deploy{}, fmt.Errorf("%w: matcher: %w", ErrBadDeploy, err)
	case len(ms) == 0 || !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches("") }):
		return Deploy{}, fmt.Errorf("%w: matcher %q matches everything; name what was deployed, e.g. service=\"cart\"", ErrBadDeploy, matcher)
	case at > now+maxDeployAhead.Milliseconds() || at < now-maxDeployAge.Milliseconds():
		return Deploy{}, fmt.Errorf("%w: time %s is not between %s ago and %s ahead", ErrBadDeploy, time.UnixMilli(at).UTC().Format(time.RFC3339), maxDeployAge, maxDeployAhead)
	case len(description) > maxDeployText:
		return Deploy{}, fmt.Errorf("%w: the description has %d bytes, at most %d", ErrBadDeploy, len(description), maxDeployText)
	}
	d := Deploy{At: at, Given: now, Matcher: matcher, Description: strings.TrimSpace(description), matchers: ms}
	sum := sha256.Sum256(fmt.Appendf(nil, "deploy/1\x00%s\x00%s\x00%d", d.Matcher, d.Description, at/1000))
	d.ID = "de-" + hex.EncodeToString(sum[:8])
	return p.said.deploy(p, d)
}

// tellDeploy hands a deploy to every shard.
func (p *Pipeline) tellDeploy(d Deploy, now int64) {
	for i, l := range p.watchLanes {
		l.view(func() { p.watches[i].SayDeploy(d, now) })
	}
}

// countSeries returns how many watched series match.
func (p *Pipeline) countSeries(ms []*labels.Matcher) int {
	n := 0
	for i, l := range p.watchLanes {
		l.view(func() {
			for _, s := range p.watches[i].series {
				if s.skip == "" && metric.Matches(ms, s.labels) {
					n++
				}
			}
		})
	}
	return n
}

// Deploys lists what was told, newest first.
func (p *Pipeline) Deploys() []Deploy {
	p.said.mu.Lock()
	out := slices.Clone(p.said.deploys)
	p.said.mu.Unlock()
	slices.SortStableFunc(out, func(a, b Deploy) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.ID, b.ID)) })
	return out
}

// adapted counts a level accepted after a deploy to the deploy it follows.
func (p *Pipeline) adapted(ls labels.Labels, a Adapted) {
	p.said.mu.Lock()
	defer p.said.mu.Unlock()
	best := -1
	for i, d := range p.said.deploys {
		if d.At <= a.At && a.At-d.At <= deployNews && metric.Matches(d.matchers, ls) && (best < 0 || d.At > p.said.deploys[best].At) {
			best = i
		}
	}
	if best >= 0 {
		p.said.deploys[best].Moved++
	}
}
