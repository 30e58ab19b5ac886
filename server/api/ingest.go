package api

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/metric"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/bellwether-ts/bellwether/tsdb/ingest"
)

// ingestService takes samples in.
type ingestService struct {
	pb.UnimplementedIngestServiceServer
	p    *pipeline.Pipeline
	sink *ingest.Sink
}

// maxSeriesPerMessage bounds one message of a Push stream.
const maxSeriesPerMessage = 10_000

func (s *ingestService) Push(stream grpc.ClientStreamingServer[pb.PushRequest, pb.PushResponse]) error {
	var accepted uint64
	var refused tsdb.Refusals
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pb.PushResponse{Accepted: accepted, Refused: refusalsOf(refused)})
		}
		if err != nil {
			return err
		}
		if len(r.Series) > maxSeriesPerMessage {
			return invalid("cannot take %d series in one message: at most %d; send several messages", len(r.Series), maxSeriesPerMessage)
		}
		batch := make([]ingest.PushSeries, 0, len(r.Series))
		for _, in := range r.Series {
			batch = append(batch, pushSeries(in))
		}
		res, err := s.sink.Push(stream.Context(), batch)
		accepted += uint64(res.Accepted)
		refused.Merge(res.Refused)
		if errors.Is(err, ingest.ErrOverloaded) || errors.Is(err, ingest.ErrTooLarge) {
			return asStatus(codes.ResourceExhausted, err)
		}
		if err != nil {
			return asStatus(codes.Unavailable, err)
		}
	}
}

func pushSeries(in *pb.Series) ingest.PushSeries {
	out := ingest.PushSeries{Labels: labels.FromMap(in.Labels)}
	for _, p := range in.Samples {
		out.Samples = append(out.Samples, metric.Sample{T: p.TimestampMs, V: p.Value})
	}
	for _, h := range in.Histograms {
		out.Histograms = append(out.Histograms, ingest.PushHistogram{T: h.TimestampMs, Float: floatHistogram(h)})
	}
	return out
}

// floatHistogram reads a histogram of the contract; whether it is consistent
// is the store's to say.
func floatHistogram(h *pb.NativeHistogram) *histogram.FloatHistogram {
	return &histogram.FloatHistogram{
		Schema: h.Schema, ZeroThreshold: h.ZeroThreshold, ZeroCount: h.ZeroCount, Count: h.Count, Sum: h.Sum,
		PositiveSpans: spansIn(h.PositiveSpans), PositiveBuckets: h.PositiveCounts,
		NegativeSpans: spansIn(h.NegativeSpans), NegativeBuckets: h.NegativeCounts,
		CustomValues: h.CustomBounds,
	}
}

func spansIn(in []*pb.BucketSpan) []histogram.Span {
	var out []histogram.Span
	for _, s := range in {
		out = append(out, histogram.Span{Offset: s.Offset, Length: s.Length})
	}
	return out
}

func refusalsOf(in tsdb.Refusals) []*pb.Refusal {
	var out []*pb.Refusal
	for _, r := range in {
		out = append(out, &pb.Refusal{Reason: string(r.Reason), Count: uint64(r.Count), Example: r.Example})
	}
	return out
}

func (s *ingestService) GetAccounting(context.Context, *pb.GetAccountingRequest) (*pb.GetAccountingResponse, error) {
	a, f := s.sink.Accounting(), s.p.Flow()
	door, store := a.Balance()
	out := &pb.GetAccountingResponse{Balanced: door == 0 && store == 0}
	add := func(name string, n uint64) { out.Hops = append(out.Hops, &pb.Hop{Name: name, Count: n}) }
	add("received", a.Received)
	add("undecodable", a.Undecodable)
	reasons := make([]string, 0, len(a.Refused))
	for r := range a.Refused {
		reasons = append(reasons, string(r))
	}
	slices.Sort(reasons)
	for _, r := range reasons {
		add("refused:"+r, a.Refused[tsdb.Reason(r)])
	}
	add("late", a.Late)
	add("duplicate", a.Duplicate)
	add("failed", a.Failed)
	add("appended", a.Appended)
	add("tapped", f.Tapped)
	for _, lane := range sortedKeys(f.Done) {
		add("analysed:"+lane, f.Done[lane])
		add("dropped:"+lane, f.Dropped[lane])
	}
	return out, nil
}
