package api

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/metric"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// detectService reads the detectors.
type detectService struct {
	pb.UnimplementedDetectServiceServer
	p *pipeline.Pipeline
}

func (s *detectService) ListAnomalies(_ context.Context, r *pb.ListAnomaliesRequest) (*pb.ListAnomaliesResponse, error) {
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return nil, err
	}
	now := s.p.Now().UnixMilli()
	from, to := millis(r.Start, now-24*time.Hour.Milliseconds()), millis(r.End, now+1)
	found := s.p.Anomalies.List(func(f pipeline.Finding) bool {
		a := f.Anomaly
		overlaps := a.Start < to && (a.Open || a.End >= from)
		return overlaps && (a.Open || !r.OpenOnly) && metric.Matches(ms, f.Labels)
	})
	limit := limited(r.Limit, 100, 1000)
	out := &pb.ListAnomaliesResponse{Truncated: len(found) > limit}
	for _, f := range found[:min(limit, len(found))] {
		out.Anomalies = append(out.Anomalies, anomalyOf(f, false))
	}
	return out, nil
}

func (s *detectService) GetAnomaly(ctx context.Context, r *pb.GetAnomalyRequest) (*pb.GetAnomalyResponse, error) {
	f, ok := s.p.Anomalies.Get(r.Id)
	if !ok {
		return nil, notFound("anomaly", r.Id, "it never was, or it ended long ago; list them with GET /v1/anomalies")
	}
	now := s.p.Now().UnixMilli()
	end := now
	if !f.Anomaly.Open {
		end = min(now, f.Anomaly.End+time.Hour.Milliseconds())
	}
	before := max(time.Hour.Milliseconds(), min(end-f.Anomaly.Start, 12*time.Hour.Milliseconds()))
	points, err := s.points(ctx, f.Labels, f.View, f.Anomaly.Start-before, end)
	if err != nil {
		return nil, err
	}
	return &pb.GetAnomalyResponse{Anomaly: anomalyOf(f, true), Points: points}, nil
}

// learned is how much history a chart's detector sees before its first point.
const learned = 3 * 24 * time.Hour

func (s *detectService) points(ctx context.Context, ls labels.Labels, view string, from, to int64) ([]*pb.Point, error) {
	samples, results, err := s.p.Analyze(ctx, ls, view, from-learned.Milliseconds(), from, to)
	if err != nil {
		return nil, asStatus(codes.Internal, err)
	}
	out := make([]*pb.Point, 0, len(samples))
	for i, sample := range samples {
		out = append(out, pointOf(sample, results[i]))
	}
	return out, nil
}

func (s *detectService) WatchAnomalies(r *pb.WatchAnomaliesRequest, stream grpc.ServerStreamingServer[pb.WatchAnomaliesResponse]) error {
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return err
	}
	found, stop := s.p.Anomalies.Listen()
	defer stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var m pb.WatchAnomaliesResponse
		select {
		case <-stream.Context().Done():
			return nil
		case <-beat.C:
			m.Transition = "heartbeat"
		case f, ok := <-found:
			if !ok {
				return asStatus(codes.ResourceExhausted, errSlowReader)
			}
			if !metric.Matches(ms, f.Labels) {
				continue
			}
			m.Transition, m.Anomaly = f.Transition.String(), anomalyOf(f, true)
		}
		if err := stream.Send(&m); err != nil {
			return err
		}
	}
}

func (s *detectService) Analyze(ctx context.Context, r *pb.AnalyzeRequest) (*pb.AnalyzeResponse, error) {
	cfg := detect.Config{Budget: r.Budget}
	if r.Profile != "" {
		if err := cfg.Profile.UnmarshalText([]byte(r.Profile)); err != nil {
			return nil, invalid("profile: %v", err)
		}
	}
	if err := cfg.Validate(); err != nil {
		return nil, invalid("%v", err)
	}
	now := s.p.Now().UnixMilli()
	from, to, err := rangeOf(r.Range, now-24*time.Hour.Milliseconds(), now)
	if err != nil {
		return nil, err
	}
	inputs, err := s.analyzeInputs(ctx, r, from, to)
	if err != nil {
		return nil, err
	}
	out := &pb.AnalyzeResponse{}
	if len(inputs) == 0 {
		out.Note = "NO_DATA: " + r.Matcher + " matches no series with float samples in the range"
	}
	for _, in := range inputs {
		if len(r.Series) > 0 && r.Range == nil {
			from, to = minInt64, maxInt64 // Samples that came along are all reported.
		}
		a, err := analyze(cfg, in, from, to)
		if err != nil {
			return nil, asStatus(codes.InvalidArgument, err)
		}
		out.Analyses = append(out.Analyses, a)
	}
	return out, nil
}

const (
	maxAnalyzeSamples = 1_000_000
	maxAnalyzeSeries  = 100
)

// analyzed is one series to analyse.
type analyzed struct {
	labels  labels.Labels
	samples []metric.Sample
}

func (s *detectService) analyzeInputs(ctx context.Context, r *pb.AnalyzeRequest, from, to int64) ([]analyzed, error) {
	var out []analyzed
	total := 0
	for _, in := range r.Series {
		one := analyzed{labels: labels.FromMap(in.Labels)}
		for _, p := range in.Samples {
			one.samples = append(one.samples, metric.Sample{T: p.TimestampMs, V: p.Value})
		}
		total += len(one.samples)
		out = append(out, one)
	}
	if total > maxAnalyzeSamples || len(out) > maxAnalyzeSeries {
		return nil, invalid("cannot analyse %d samples of %d series at once: at most %d samples and %d series; analyse files with `bellwether detect`", total, len(out), maxAnalyzeSamples, maxAnalyzeSeries)
	}
	if len(out) > 0 || r.Matcher == "" {
		if len(out) == 0 {
			return nil, invalid("cannot analyse nothing: set series or matcher")
		}
		return out, nil
	}
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return nil, err
	}
	for found, err := range s.p.Store().Select(ctx, ms, from-learned.Milliseconds(), to) {
		if err != nil {
			return nil, asStatus(codes.Internal, err)
		}
		if len(out) == maxAnalyzeSeries {
			return nil, invalid("cannot analyse %s: it matches more than %d series; narrow it", r.Matcher, maxAnalyzeSeries)
		}
		if len(found.Samples) > 0 {
			out = append(out, analyzed{labels: found.Labels, samples: found.Samples})
		}
	}
	return out, nil
}

// analyze runs one series and keeps what overlaps [from, to].
func analyze(cfg detect.Config, in analyzed, from, to int64) (*pb.SeriesAnalysis, error) {
	meta := detect.Meta{}
	if pipeline.KindByName(in.labels) == pipeline.KindCounter {
		meta.Kind = detect.MetricCounter
	}
	results, anomalies, err := detect.Run(cfg, meta, in.samples)
	if err != nil {
		return nil, err
	}
	out := &pb.SeriesAnalysis{Labels: labelMap(in.labels), Verdict: detect.VerdictNoData.String()}
	for i, r := range results {
		if t := in.samples[i].T; t >= from && t <= to {
			out.Points = append(out.Points, pointOf(in.samples[i], r))
		}
		out.Verdict = r.Verdict.String()
	}
	for _, a := range anomalies {
		if a.Start <= to && a.End >= from {
			out.Anomalies = append(out.Anomalies, anomalyOf(pipeline.Finding{Labels: in.labels, Anomaly: a}, true))
		}
	}
	return out, nil
}

func (s *detectService) GetCoverage(context.Context, *pb.GetCoverageRequest) (*pb.GetCoverageResponse, error) {
	c := s.p.Coverage()
	out := &pb.GetCoverageResponse{
		Watched: int64(c.Watched), WarmingUp: int64(c.WarmingUp), Open: int64(s.p.Anomalies.Open()),
		NotWatched: map[string]int64{}, Lag: durationpb.New(s.p.Lag()),
	}
	peers := s.p.PeerCounts()
	out.HeldBack, out.Peers, out.TooFewPeers = int64(s.p.Admission.Stats().Held), int64(peers.Judged), int64(peers.TooFew)
	for reason, n := range c.NotWatched {
		out.NotWatched[reason] = int64(n)
	}
	return out, nil
}

// anomalyOf translates a finding; the trace is long and only for one at a time.
func anomalyOf(f pipeline.Finding, withTrace bool) *pb.Anomaly {
	a := f.Anomaly
	out := &pb.Anomaly{
		Id: f.ID, Labels: labelMap(f.Labels), Start: stamp(a.Start), PeakScore: a.Peak, Kind: a.Kind.String(),
		Expected: a.Expected, Observed: a.Observed, Lower: a.Trace.Lower, Upper: a.Trace.Upper,
	}
	if f.View != "" {
		out.Labels["view"] = f.View
	}
	switch a.Direction {
	case detect.DirectionUp:
		out.Direction = pb.Direction_DIRECTION_UP
	case detect.DirectionDown:
		out.Direction = pb.Direction_DIRECTION_DOWN
	}
	if !a.Open {
		out.End = stamp(a.End)
	}
	for _, m := range a.Members {
		out.Votes = append(out.Votes, &pb.Vote{Member: m.Name, P: m.P, Share: m.Share})
	}
	describe(out, f)
	out.HeldBack, out.Peers = f.HeldBack, f.Peers
	if withTrace {
		out.Trace = traceText(f.Why())
	}
	return out
}

func pointOf(s metric.Sample, r detect.Result) *pb.Point {
	p := &pb.Point{TimestampMs: s.T, Value: r.Observed, Score: r.Score, Anomalous: r.Anomalous}
	if r.Verdict != detect.VerdictNotEnoughData {
		p.Expected, p.Lower, p.Upper = finite(r.Expected), finite(r.Lower), finite(r.Upper)
	}
	return p
}
