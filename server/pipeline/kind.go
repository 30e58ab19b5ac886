package pipeline

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
)

// Kind is what the values of a series mean to the analyses.
type Kind uint8

// The kinds.
const (
	KindUnknown   Kind = iota // Judged from the values.
	KindGauge                 // The value itself.
	KindCounter               // The increase.
	KindHistogram             // A native histogram.
)

// KindByName guesses the kind of a series from its name, as the field's naming
// rules have it (OpenMetrics: _total, _sum, _count and _bucket only grow).
func KindByName(ls labels.Labels) Kind {
	name := ls.Get(labels.MetricName)
	for _, suffix := range []string{"_total", "_count", "_sum", "_bucket"} {
		if strings.HasSuffix(name, suffix) {
			return KindCounter
		}
	}
	return KindUnknown
}

// detectKind is how the detectors read the values of a kind. Of a native
// histogram they are shown a rate and a mean, which are gauges.
func (k Kind) detectKind() detect.MetricKind {
	switch k {
	case KindCounter:
		return detect.MetricCounter
	case KindGauge, KindHistogram:
		return detect.MetricGauge
	}
	return detect.MetricUnknown
}
