package api

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/offline"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/slo"
)

// backtestService replays the store through the pipeline's own code.
type backtestService struct {
	pb.UnimplementedBacktestServiceServer
	p      *pipeline.Pipeline
	config func() config.Config
}

// progressEvery is how often a running replay says how far it is.
const progressEvery = 500 * time.Millisecond

func (s *backtestService) Run(r *pb.RunRequest, stream grpc.ServerStreamingServer[pb.RunResponse]) error {
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return err
	}
	if len(ms) == 0 || r.Range.GetStart() == nil {
		return invalid("cannot replay without bounds: set matcher and range.start")
	}
	from, to, err := rangeOf(r.Range, 0, s.p.Now().UnixMilli())
	if err != nil {
		return err
	}
	cfg := s.config()
	if r.ConfigYaml != "" {
		if cfg, err = config.Parse("config_yaml", []byte(r.ConfigYaml)); err != nil {
			return asStatus(codes.InvalidArgument, err)
		}
	}
	history := r.HistorySeconds * 1000
	if history <= 0 {
		history = 24 * time.Hour.Milliseconds()
	}
	src := offline.NewStoreSource(s.p.Store(), ms, from-history, to)
	var done int64
	last := time.Now()
	sum, err := offline.Replay(stream.Context(), src, offline.ReplayOptions{
		From: &from, To: &to, Config: &cfg, Objectives: s.objectives(),
		Progress: func(samples int64) { done = samples },
	}, func(l offline.Line) error {
		if time.Since(last) >= progressEvery {
			last = time.Now()
			if err := stream.Send(&pb.RunResponse{Line: &pb.RunResponse_Progress{Progress: &pb.BacktestProgress{Done: done}}}); err != nil {
				return err
			}
		}
		return stream.Send(&pb.RunResponse{Line: &pb.RunResponse_Entry{Entry: entryOf(l)}})
	})
	if err != nil {
		return asStatus(codes.Internal, err)
	}
	return stream.Send(&pb.RunResponse{Line: &pb.RunResponse_Summary{Summary: summaryOf(sum)}})
}

func (s *backtestService) objectives() []slo.Objective {
	var out []slo.Objective
	for _, st := range s.p.Objectives() {
		out = append(out, *st.Objective)
	}
	return out
}

func entryOf(l offline.Line) *pb.BacktestEntry {
	out := &pb.BacktestEntry{Type: l.Kind, Text: l.Text, Subject: l.Subject}
	if t, err := time.Parse(time.RFC3339Nano, l.Time); err == nil {
		out.TimestampMs = t.UnixMilli()
	}
	return out
}

func summaryOf(s offline.Summary) *pb.BacktestSummary {
	out := &pb.BacktestSummary{
		Events: int64(s.Events), Groups: int64(s.Groups), Pages: int64(s.Pages), PagesPerDay: s.PagesPerDay,
		Samples: s.Samples, Series: int64(s.Series), Suppressed: map[string]int64{},
	}
	for by, n := range s.Suppressed {
		out.Suppressed[by] = int64(n)
	}
	return out
}
