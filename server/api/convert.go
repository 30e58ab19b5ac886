package api

import (
	"math"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bellwether-ts/bellwether/metric"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Small translations every service needs.

// stamp is nil for 0, so that an absent instant is absent.
func stamp(ms int64) *timestamppb.Timestamp {
	if ms == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMilli(ms))
}

// millis is otherwise where the request left the instant out.
func millis(t *timestamppb.Timestamp, otherwise int64) int64 {
	if t == nil {
		return otherwise
	}
	return t.AsTime().UnixMilli()
}

func span(ms int64) *durationpb.Duration {
	return durationpb.New(time.Duration(ms) * time.Millisecond)
}

// rangeOf reads a range with its defaults and refuses one that is empty.
func rangeOf(r *pb.TimeRange, start, end int64) (int64, int64, error) {
	from, to := millis(r.GetStart(), start), millis(r.GetEnd(), end)
	if to <= from {
		return 0, 0, invalid("cannot use the range %s to %s: its end is not after its start", text(from), text(to))
	}
	return from, to, nil
}

func text(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func labelMap(ls labels.Labels) map[string]string { return ls.Map() }

// limited applies the default and the ceiling of a list.
func limited(asked int32, byDefault, ceiling int) int {
	switch {
	case asked <= 0:
		return byDefault
	case int(asked) > ceiling:
		return ceiling
	}
	return int(asked)
}

// selector reads a matcher field; empty gives no matchers.
func selector(field, s string) ([]*labels.Matcher, error) {
	ms, err := metric.ParseMatchers(s)
	if err != nil {
		return nil, invalid("%s: %v", field, err)
	}
	return ms, nil
}

// finite is nil for a number JSON could not carry.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// traceText wraps the text of a room's one renderer; the lines of the form
// "stage: what it said" are kept apart as well.
func traceText(s string) *pb.Trace {
	t := &pb.Trace{Text: s}
	for line := range strings.Lines(s) {
		if stage, said, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && len(stage) <= 40 {
			t.Lines = append(t.Lines, &pb.TraceLine{Stage: stage, Reason: strings.TrimSpace(said)})
		}
	}
	return t
}

// thin keeps at most n of the values, evenly spread, for a preview.
func thin(v []float64, n int) []float64 {
	if len(v) <= n {
		return v
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = v[i*(len(v)-1)/(n-1)]
	}
	return out
}
