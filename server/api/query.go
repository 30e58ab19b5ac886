package api

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/grpc/codes"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// queryService reads the store.
type queryService struct {
	pb.UnimplementedQueryServiceServer
	p *pipeline.Pipeline
}

func (s *queryService) Query(ctx context.Context, r *pb.QueryRequest) (*pb.QueryResponse, error) {
	if r.Expr == "" {
		return nil, invalid("cannot evaluate an empty query: set expr to PromQL, for example up")
	}
	res, err := s.p.Store().Query(ctx, r.Expr, millis(r.Time, s.p.Now().UnixMilli()))
	if err != nil {
		return nil, asStatus(codes.Internal, err)
	}
	return &pb.QueryResponse{Result: seriesOf(res), Warnings: res.Warnings}, nil
}

func (s *queryService) QueryRange(ctx context.Context, r *pb.QueryRangeRequest) (*pb.QueryRangeResponse, error) {
	if r.Expr == "" {
		return nil, invalid("cannot evaluate an empty query: set expr to PromQL, for example up")
	}
	end := millis(r.End, s.p.Now().UnixMilli())
	start := millis(r.Start, end-time.Hour.Milliseconds())
	if end < start {
		return nil, invalid("cannot use the range %s to %s: its end is before its start", text(start), text(end))
	}
	step := r.Step.AsDuration().Milliseconds()
	if r.Step == nil {
		step = max(1000, (end-start)/240)
	}
	if step <= 0 {
		return nil, invalid("cannot use step %dms: it must be positive", step)
	}
	res, err := s.p.Store().QueryRange(ctx, r.Expr, start, end, step)
	if err != nil {
		return nil, asStatus(codes.Internal, err)
	}
	return &pb.QueryRangeResponse{Result: seriesOf(res), Warnings: res.Warnings}, nil
}

func (s *queryService) ListSeries(ctx context.Context, r *pb.ListSeriesRequest) (*pb.ListSeriesResponse, error) {
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return nil, err
	}
	if len(ms) == 0 {
		return nil, invalid("cannot list every series: set matcher, for example {service=\"cart\"}")
	}
	limit := limited(r.Limit, 1000, 10_000)
	now := s.p.Now().UnixMilli()
	found, err := s.p.Store().Series(ctx, [][]*labels.Matcher{ms}, now-time.Hour.Milliseconds(), now, limit+1)
	if err != nil {
		return nil, asStatus(codes.Internal, err)
	}
	out := &pb.ListSeriesResponse{Truncated: len(found) > limit}
	for _, ls := range found[:min(limit, len(found))] {
		out.Series = append(out.Series, &pb.Series{Labels: labelMap(ls)})
	}
	return out, nil
}

func (s *queryService) ListLabelValues(ctx context.Context, r *pb.ListLabelValuesRequest) (*pb.ListLabelValuesResponse, error) {
	now := s.p.Now().UnixMilli()
	values, err := s.p.Store().LabelValues(ctx, r.Label, nil, now-24*time.Hour.Milliseconds(), now, 0)
	if err != nil {
		return nil, asStatus(codes.Internal, err)
	}
	return &pb.ListLabelValuesResponse{Values: values}, nil
}

// seriesOf translates any PromQL result.
func seriesOf(r *tsdb.Result) []*pb.Series {
	var out []*pb.Series
	switch r.Type {
	case tsdb.Scalar:
		out = append(out, &pb.Series{Samples: []*pb.Sample{{TimestampMs: r.Scalar.T, Value: r.Scalar.V}}})
	case tsdb.Vector:
		for _, p := range r.Vector {
			one := &pb.Series{Labels: labelMap(p.Labels)}
			if p.H != nil {
				one.Histograms = append(one.Histograms, nativeHistogram(p.T, p.H))
			} else {
				one.Samples = append(one.Samples, &pb.Sample{TimestampMs: p.T, Value: p.V})
			}
			out = append(out, one)
		}
	case tsdb.Matrix:
		for _, m := range r.Matrix {
			one := &pb.Series{Labels: labelMap(m.Labels)}
			for _, p := range m.Samples {
				one.Samples = append(one.Samples, &pb.Sample{TimestampMs: p.T, Value: p.V})
			}
			for _, h := range m.Histograms {
				one.Histograms = append(one.Histograms, nativeHistogram(h.T, h.H))
			}
			out = append(out, one)
		}
	}
	return out
}

// nativeHistogram writes a histogram as the contract has it.
func nativeHistogram(t int64, h *histogram.FloatHistogram) *pb.NativeHistogram {
	return &pb.NativeHistogram{
		TimestampMs: t, Schema: h.Schema, ZeroThreshold: h.ZeroThreshold, ZeroCount: h.ZeroCount,
		Count: h.Count, Sum: h.Sum,
		PositiveSpans: spansOf(h.PositiveSpans), PositiveCounts: h.PositiveBuckets,
		NegativeSpans: spansOf(h.NegativeSpans), NegativeCounts: h.NegativeBuckets,
		CustomBounds: h.CustomValues,
	}
}

func spansOf(in []histogram.Span) []*pb.BucketSpan {
	var out []*pb.BucketSpan
	for _, s := range in {
		out = append(out, &pb.BucketSpan{Offset: s.Offset, Length: s.Length})
	}
	return out
}
