package api

import (
	"context"

	"github.com/bellwether-ts/bellwether/alerting"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Explain: one id, one trace, whichever room it is of.

func (s *alertService) Explain(ctx context.Context, r *pb.ExplainRequest) (*pb.ExplainResponse, error) {
	kind, why := s.explain(ctx, r.Id)
	if why == "" {
		return nil, notFound("anything called", r.Id, "ids stand in the lists of anomalies, groups, suppressions and canaries; old ones are forgotten")
	}
	return &pb.ExplainResponse{Kind: kind, Trace: traceText(why)}, nil
}

// explain asks each room in turn whether it knows an id.
func (s *alertService) explain(ctx context.Context, id string) (kind, why string) {
	if f, ok := s.p.Anomalies.Get(id); ok {
		return "anomaly", f.Name() + "\n" + f.Why()
	}
	if run, ok := s.p.Canaries.Full(ctx, id); ok {
		return "canary", run.Verdict.Text()
	}
	for _, st := range s.p.Objectives() {
		if st.Objective.Name == id {
			return "slo", st.Trace().Text()
		}
	}
	s.p.Engine().View(func(c *alerting.Core) {
		if len(c.Decisions(id)) == 0 {
			return // The core knows nothing of it, and would say so in a sentence.
		}
		why = c.Explain(id)
		kind = "event"
		if _, ok := c.Group(id); ok {
			kind = "group"
		} else if _, ok := c.Suppression(id); ok {
			kind = "suppression"
		}
	})
	return kind, why
}
