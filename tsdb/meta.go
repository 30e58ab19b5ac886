package tsdb

import (
	"strings"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
)

// Kind is what a series measures.
type Kind uint8

// The kinds of series.
const (
	KindUnknown   Kind = iota
	KindGauge          // Goes up and down; look at the value.
	KindCounter        // Only grows, resets to 0; look at the increase. A classic histogram's parts and a summary's count and sum are counters.
	KindHistogram      // A native histogram; look at the increase of its buckets.
)

// String returns the lower-case name.
func (k Kind) String() string {
	switch k {
	case KindGauge:
		return "gauge"
	case KindCounter:
		return "counter"
	case KindHistogram:
		return "histogram"
	}
	return "unknown"
}

// SeriesMeta is what is known of a series besides its points.
type SeriesMeta struct {
	Labels labels.Labels
	Kind   Kind
	// Guessed is true when the sender gave no metadata and Kind was guessed
	// from the metric name.
	Guessed    bool
	Unit, Help string // Empty if the sender gave none.
}

// maxMetadata bounds the metric names whose metadata is kept; beyond it the
// kind is guessed.
const maxMetadata = 200_000

// metadataByName is what senders said about metrics. It is kept in memory
// only: every sender says it again.
type metadataByName struct {
	mu sync.RWMutex
	m  map[string]metadata.Metadata
}

func (b *metadataByName) set(name string, m metadata.Metadata) {
	if name == "" || m.IsEmpty() {
		return
	}
	if old, ok := b.get(name); ok && old.Equals(m) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil {
		b.m = make(map[string]metadata.Metadata)
	}
	if _, known := b.m[name]; !known && len(b.m) >= maxMetadata {
		return
	}
	m.Help = strings.Clone(m.Help)
	m.Unit = strings.Clone(m.Unit)
	b.m[strings.Clone(name)] = m
}

func (b *metadataByName) get(name string) (metadata.Metadata, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	m, ok := b.m[name]
	return m, ok
}

// lookup also finds the metadata of a family under the name of its parts.
func (b *metadataByName) lookup(name string) (metadata.Metadata, bool) {
	if m, ok := b.get(name); ok {
		return m, true
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum", "_total"} {
		if family, cut := strings.CutSuffix(name, suffix); cut {
			if m, ok := b.get(family); ok {
				return m, true
			}
		}
	}
	return metadata.Metadata{}, false
}

// SeriesMeta returns what is known of an active series.
func (s *Store) SeriesMeta(ref uint64) (SeriesMeta, bool) {
	ls, ok := s.Labels(ref)
	if !ok {
		return SeriesMeta{}, false
	}
	name := ls.Get(labels.MetricName)
	out := SeriesMeta{Labels: ls}
	m, known := s.meta.lookup(name)
	out.Unit, out.Help = m.Unit, m.Help
	if s.tap.isHistogram(ref) {
		out.Kind = KindHistogram
		return out, true
	}
	if known {
		out.Kind = kindFromType(m.Type, name, ls)
	}
	if out.Kind == KindUnknown {
		out.Kind, out.Guessed = kindFromName(name, ls), true
	}
	return out, true
}

// kindFromType reads the OpenMetrics type of a float series. The parts of a
// histogram or summary are counters, but a summary's quantiles are gauges.
func kindFromType(t model.MetricType, name string, ls labels.Labels) Kind {
	switch t {
	case model.MetricTypeCounter:
		return KindCounter
	case model.MetricTypeGauge, model.MetricTypeInfo, model.MetricTypeStateset, model.MetricTypeGaugeHistogram:
		return KindGauge
	case model.MetricTypeHistogram:
		return KindCounter
	case model.MetricTypeSummary:
		if ls.Has(model.QuantileLabel) {
			return KindGauge
		}
		return KindCounter
	}
	return KindUnknown
}

// kindFromName guesses by Prometheus's naming conventions
// (prometheus.io/docs/practices/naming): a counter ends in _total, a
// histogram's or summary's parts in _bucket, _count and _sum. Whatever does not
// follow them is unknown, not a gauge.
func kindFromName(name string, ls labels.Labels) Kind {
	switch {
	case strings.HasSuffix(name, "_total"):
		return KindCounter
	case strings.HasSuffix(name, "_bucket") && ls.Has(labels.BucketLabel):
		return KindCounter
	case strings.HasSuffix(name, "_count"), strings.HasSuffix(name, "_sum"):
		return KindCounter
	case name == "up", strings.HasSuffix(name, "_info"), strings.HasSuffix(name, "_ratio"),
		strings.HasSuffix(name, "_timestamp_seconds"), strings.HasSuffix(name, "_celsius"),
		strings.HasSuffix(name, "_percent"), ls.Has(model.QuantileLabel):
		return KindGauge
	}
	return KindUnknown
}
