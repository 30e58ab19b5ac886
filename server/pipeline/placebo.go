package pipeline

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/bellwether-ts/bellwether/metric"
)

// A canary that is new has no past of its own. How much a few instances differ
// from the rest when nothing was deployed is then measured on the baseline: as
// many of its instances as the canary has are set against the others, over the
// hours before the deploy. It also catches what one pair of series cannot show:
// that one instance is simply slower than another.

// instanceLabels name instances, in the order they are tried.
var instanceLabels = []string{"pod", "instance", "host"}

// placebo returns matchers that split the baseline's instances into a rest and
// a stand-in for the canary; ok is false if it has no two instances to split.
func (p *Pipeline) placebo(ctx context.Context, s RunSpec) (rest, stand string, ok bool, err error) {
	for _, label := range instanceLabels {
		base, err := p.instances(ctx, s.Baseline, label, s.Start-s.History.Milliseconds(), s.Start)
		if err != nil {
			return "", "", false, err
		}
		if len(base) < 2 {
			continue
		}
		side, err := p.instances(ctx, s.Canary, label, s.Start, s.Start+s.MaxDuration.Milliseconds())
		if err != nil {
			return "", "", false, err
		}
		n := min(max(1, len(side)), len(base)/2)
		var quoted []string
		for _, name := range base[:n] {
			quoted = append(quoted, regexp.QuoteMeta(name))
		}
		group := fmt.Sprintf("%s,%s%%s%q", strings.Trim(s.Baseline, "{} "), label, strings.Join(quoted, "|"))
		return fmt.Sprintf(group, "!~"), fmt.Sprintf(group, "=~"), true, nil
	}
	return "", "", false, nil
}

// instances lists the values of an instance label on one side.
func (p *Pipeline) instances(ctx context.Context, matchers, label string, from, to int64) ([]string, error) {
	ms, err := metric.ParseMatchers(matchers)
	if err != nil {
		return nil, err
	}
	return p.store.LabelValues(ctx, label, ms, from, to, 100)
}
