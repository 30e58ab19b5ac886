package api

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/correlate"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Who is to blame: the live windows, ranked by entity.

func (s *correlateService) RankSuspects(_ context.Context, r *pb.RankSuspectsRequest) (*pb.RankSuspectsResponse, error) {
	if r.Incident.GetStart() == nil {
		return nil, invalid("cannot rank suspects without an incident: set incident.start")
	}
	now := s.p.Now().UnixMilli()
	from, to, err := rangeOf(r.Incident, 0, now)
	if err != nil {
		return nil, err
	}
	in := correlate.Incident{
		Series: s.p.Candidates(nil, 0, to), From: from, To: to, Symptom: r.Symptom,
		EntityLabel: r.By, Edges: s.calls,
	}
	if in.EntityLabel == "" {
		in.EntityLabel = s.entity
	}
	if len(r.Topology) > 0 {
		in.Edges = nil
		for _, e := range r.Topology {
			in.Edges = append(in.Edges, correlate.Edge{Caller: e.Caller, Callee: e.Callee})
		}
	}
	res, err := correlate.RankSuspects(in)
	if err != nil {
		return nil, asStatus(codes.InvalidArgument, err)
	}
	out := &pb.RankSuspectsResponse{Trace: traceText(res.Trace.String())}
	for i, x := range res.Suspects {
		if r.K > 0 && i >= int(r.K) {
			break
		}
		c := x.Components
		out.Suspects = append(out.Suspects, &pb.Suspect{
			Entity: x.Entity, Score: x.Score, Series: x.Series, Onset: stamp(x.Onset),
			Components: map[string]float64{"shape": c.Shape, "change": c.Change, "edge": c.Edge, "onset": c.Onset, "topology": c.Topology},
		})
	}
	return out, nil
}
