package tsdb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Reason says why a sample was refused. It is the value of the reason label of
// the refused counter.
type Reason string

// The reasons. The store uses all but ReasonBlocked, which is ingest's.
const (
	ReasonTooOld           Reason = "too_old"           // Before the out-of-order window.
	ReasonFuture           Reason = "future"            // Further ahead than MaxFutureSkew.
	ReasonDuplicateValue   Reason = "duplicate_value"   // Another value is stored at that instant.
	ReasonSeriesLimit      Reason = "series_limit"      // A new series beyond MaxSeries.
	ReasonLabelLimit       Reason = "label_limit"       // More than MaxLabels labels.
	ReasonLabelLength      Reason = "label_length"      // A label name or value is too long.
	ReasonInvalidLabels    Reason = "invalid_labels"    // No metric name, not UTF-8, empty or duplicate names.
	ReasonInvalidHistogram Reason = "invalid_histogram" // Buckets, counts and spans disagree.
	ReasonBucketLimit      Reason = "bucket_limit"      // More than MaxHistogramBuckets buckets.
	ReasonBlocked          Reason = "blocked"           // The run-time block-list names the metric.
)

// Refusal counts the samples refused for one reason.
type Refusal struct {
	Reason  Reason
	Count   int
	Example string // The first such sample: series and instant.
}

// Refusals are refusals by reason, sorted by reason.
type Refusals []Refusal

// Add counts n refused samples. example is called only for the first one of a
// reason.
func (rs *Refusals) Add(reason Reason, n int, example func() string) {
	i, found := slices.BinarySearchFunc(*rs, reason, func(r Refusal, want Reason) int { return cmp.Compare(r.Reason, want) })
	if !found {
		*rs = slices.Insert(*rs, i, Refusal{Reason: reason, Example: example()})
	}
	(*rs)[i].Count += n
}

// Merge adds every refusal of other.
func (rs *Refusals) Merge(other Refusals) {
	for _, r := range other {
		rs.Add(r.Reason, r.Count, func() string { return r.Example })
	}
}

// Total returns the number of refused samples.
func (rs Refusals) Total() int {
	n := 0
	for _, r := range rs {
		n += r.Count
	}
	return n
}

// String lists the refusals on one line: `3 future (for example up{job="a"} at
// 1700000000000); 1 blocked (...)`.
func (rs Refusals) String() string {
	var b strings.Builder
	for i, r := range rs {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%d %s (for example %s)", r.Count, r.Reason, r.Example)
	}
	return b.String()
}

// AppendResult says what became of the samples of one append. Every sample
// given is exactly one of New, Late, Duplicate or refused.
type AppendResult struct {
	New       int // Stored and, as newest of their series, handed to the tap.
	Late      int // Stored behind the newest sample of their series.
	Duplicate int // Already there: same series, same instant.
	Refused   Refusals
	Tapped    int // Of New: handed to the tap; less than New only without a tap.
}

// Accepted returns the samples that were not refused.
func (r AppendResult) Accepted() int { return r.New + r.Late + r.Duplicate }
