package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
	"github.com/bellwether-ts/bellwether/slo"
)

// sloService reads the objectives.
type sloService struct {
	pb.UnimplementedSLOServiceServer
	p *pipeline.Pipeline
}

func (s *sloService) ListObjectives(context.Context, *pb.ListObjectivesRequest) (*pb.ListObjectivesResponse, error) {
	statuses := s.p.Objectives()
	slices.SortStableFunc(statuses, func(a, b slo.Status) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Pace, a.Pace), cmp.Compare(b.Spent, a.Spent))
	})
	out := &pb.ListObjectivesResponse{}
	for _, st := range statuses {
		out.Objectives = append(out.Objectives, objectiveOf(st))
	}
	return out, nil
}

func (s *sloService) GetObjective(ctx context.Context, r *pb.GetObjectiveRequest) (*pb.GetObjectiveResponse, error) {
	for _, st := range s.p.Objectives() {
		if st.Objective.Name == r.Name {
			return &pb.GetObjectiveResponse{Objective: objectiveOf(st), Trace: traceText(st.Trace().Text()), BadShare: s.badShare(ctx, st)}, nil
		}
	}
	return nil, notFound("objective", r.Name, "list them with GET /v1/slos")
}

// badShare draws the burn of the shortest page window over the last six hours
// from what was written back; empty until it has been.
func (s *sloService) badShare(ctx context.Context, st slo.Status) []*pb.Sample {
	if len(st.Rules) == 0 {
		return nil
	}
	now := s.p.Now().UnixMilli()
	expr := `bellwether_slo_burn_rate{slo="` + st.Objective.Name + `",window="` + slo.FormatDuration(st.Rules[0].Long.Length) + `"}`
	res, err := s.p.Store().QueryRange(ctx, expr, now-6*time.Hour.Milliseconds(), now, time.Minute.Milliseconds())
	if err != nil || len(res.Matrix) == 0 {
		return nil // A chart without points; the verdict does not depend on it.
	}
	var out []*pb.Sample
	for _, p := range res.Matrix[0].Samples {
		out = append(out, &pb.Sample{TimestampMs: p.T, Value: p.V * st.Objective.Budget()})
	}
	return out
}

func (s *sloService) ValidateObjectives(_ context.Context, r *pb.ValidateObjectivesRequest) (*pb.ValidateObjectivesResponse, error) {
	objectives, err := slo.ParseOpenSLO([]byte(r.Yaml))
	out := &pb.ValidateObjectivesResponse{}
	for _, o := range objectives {
		out.Names = append(out.Names, o.Name)
	}
	if err != nil {
		out.Errors = strings.Split(strings.TrimSpace(err.Error()), "\n")
	}
	return out, nil
}

func (s *sloService) ApplyObjectives(ctx context.Context, r *pb.ApplyObjectivesRequest) (*pb.ApplyObjectivesResponse, error) {
	objectives, err := slo.ParseOpenSLO([]byte(r.Yaml))
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	if err := s.p.ApplyObjectives(ctx, objectives); err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	out := &pb.ApplyObjectivesResponse{}
	for _, o := range objectives {
		out.Names = append(out.Names, o.Name)
	}
	return out, nil
}

func (s *sloService) WatchObjectives(_ *pb.WatchObjectivesRequest, stream grpc.ServerStreamingServer[pb.WatchObjectivesResponse]) error {
	said := map[string]string{}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	quiet := time.Now()
	for {
		for _, st := range s.p.Objectives() {
			state := st.Verdict.String() + "/" + st.Severity.String()
			if said[st.Objective.Name] == state {
				continue
			}
			said[st.Objective.Name] = state
			quiet = time.Now()
			if err := stream.Send(&pb.WatchObjectivesResponse{Objective: objectiveOf(st)}); err != nil {
				return err
			}
		}
		if time.Since(quiet) >= heartbeat {
			quiet = time.Now()
			if err := stream.Send(&pb.WatchObjectivesResponse{}); err != nil {
				return err
			}
		}
		select {
		case <-look.C:
		case <-stream.Context().Done():
			return nil
		}
	}
}

func objectiveOf(st slo.Status) *pb.Objective {
	o := st.Objective
	out := &pb.Objective{
		Name: o.Name, Service: o.Service, Description: o.Description, Target: o.Target, Period: span(o.Window.Length),
		Verdict: sloVerdict(st), Since: stamp(st.Since),
	}
	if st.Now == 0 {
		return out
	}
	out.Sentence = st.Trace().Headline
	if st.FirstSample != 0 {
		out.BudgetLeft = finite(st.Left)
	}
	if st.ExhaustedIn >= 0 {
		out.ExhaustedIn = span(st.ExhaustedIn)
	}
	seen := map[int64]bool{}
	for _, r := range st.Rules {
		for _, b := range []slo.Burn{r.Short, r.Long} {
			if !seen[b.Length] {
				seen[b.Length] = true
				out.Burns = append(out.Burns, burnOf(b))
			}
		}
	}
	slices.SortFunc(out.Burns, func(a, b *pb.BurnRate) int { return cmp.Compare(a.Window.AsDuration(), b.Window.AsDuration()) })
	return out
}

func burnOf(b slo.Burn) *pb.BurnRate {
	out := &pb.BurnRate{Window: span(b.Length), Good: b.Total - b.Bad, Total: b.Total}
	if b.Total > 0 {
		out.Burn = finite(b.Rate)
	}
	return out
}

func sloVerdict(st slo.Status) pb.SLOVerdict {
	switch {
	case st.Now == 0:
		return pb.SLOVerdict_SLO_VERDICT_UNSPECIFIED
	case st.Verdict == slo.NoData:
		return pb.SLOVerdict_SLO_VERDICT_NO_DATA
	case st.Severity == slo.Page:
		return pb.SLOVerdict_SLO_VERDICT_BURNING_FAST
	case st.Verdict == slo.Exhausted:
		return pb.SLOVerdict_SLO_VERDICT_EXHAUSTED
	case st.Severity == slo.Ticket:
		return pb.SLOVerdict_SLO_VERDICT_BURNING_SLOWLY
	}
	return pb.SLOVerdict_SLO_VERDICT_OK
}
