package api

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bellwether-ts/bellwether/detect/fleet"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// ListReputations lists entities, worst first.
func (s *detectService) ListReputations(_ context.Context, r *pb.ListReputationsRequest) (*pb.ListReputationsResponse, error) {
	var only fleet.Standing
	if r.Standing != "" {
		if err := only.UnmarshalText([]byte(r.Standing)); err != nil {
			return nil, invalid("standing: %v", err)
		}
	}
	all, mean := s.p.Reputations()
	out := &pb.ListReputationsResponse{Average: mean, Entities: int64(len(all)), HalfLife: durationpb.New(s.p.ReputationHalfLife())}
	limit := limited(r.Limit, 100, 1000)
	for _, x := range all {
		if r.Standing != "" && x.Standing != only {
			continue
		}
		if len(out.Reputations) == limit {
			out.Truncated = true
			break
		}
		out.Reputations = append(out.Reputations, reputationOf(x))
	}
	return out, nil
}

func reputationOf(x pipeline.Reputation) *pb.Reputation {
	out := &pb.Reputation{Entity: x.Entity, Label: x.Label, Score: x.Score, Standing: x.Standing.String()}
	if x.Since != 0 {
		out.Since = stamp(x.Since)
	}
	for _, d := range x.Reasons {
		out.Events = append(out.Events, &pb.ReputationEvent{Time: stamp(d.At), Weight: d.Weight, What: d.What})
	}
	return out
}
