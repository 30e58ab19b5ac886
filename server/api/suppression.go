package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Suppressions: the preview runs the code that creates, and creates nothing.

func (s *alertService) CreateSuppression(ctx context.Context, r *pb.CreateSuppressionRequest) (*pb.CreateSuppressionResponse, error) {
	in, err := s.suppressionIn(r.Suppression)
	if err != nil {
		return nil, err
	}
	in.Confirmed = r.Confirm
	preview, err := s.preview(in)
	if err != nil {
		return nil, err
	}
	if preview.Refused && !r.Confirm {
		return nil, asStatus(codes.FailedPrecondition, errGuard(preview.Reason))
	}
	var id [6]byte
	_, _ = rand.Read(id[:]) // Never fails (crypto/rand, since Go 1.24).
	in.ID = "su-" + hex.EncodeToString(id[:])
	if _, err := s.p.Engine().Submit(ctx, alerting.Input{Suppress: &in}); err != nil {
		return nil, asStatus(codes.Unavailable, err)
	}
	made, ok := s.suppression(in.ID)
	if !ok {
		return nil, asStatus(codes.FailedPrecondition, errGuard("the alert core refused it; see GET /v1/explain/"+in.ID))
	}
	return &pb.CreateSuppressionResponse{Suppression: made, Preview: preview}, nil
}

func (s *alertService) PreviewSuppression(_ context.Context, r *pb.PreviewSuppressionRequest) (*pb.PreviewSuppressionResponse, error) {
	in, err := s.suppressionIn(r.Suppression)
	if err != nil {
		return nil, err
	}
	preview, err := s.preview(in)
	if err != nil {
		return nil, err
	}
	return &pb.PreviewSuppressionResponse{Preview: preview}, nil
}

func (s *alertService) suppressionIn(in *pb.Suppression) (alerting.Suppression, error) {
	if in == nil {
		return alerting.Suppression{}, invalid("cannot make a suppression of nothing: set suppression.targets and suppression.end")
	}
	out := alerting.Suppression{
		ID: "preview", Start: millis(in.Start, 0), End: millis(in.End, 0), Targets: in.Targets,
		Description: in.Description, CreatedBy: in.CreatedBy, Metadata: in.Metadata,
	}
	if out.End == 0 {
		return out, invalid("cannot make a suppression without an end: set suppression.end, at most 7 days after its start")
	}
	return out, nil
}

// maxPreviewed bounds the events a preview lists.
const maxPreviewed = 100

func (s *alertService) preview(in alerting.Suppression) (*pb.SuppressionPreview, error) {
	var p alerting.Preview
	var err error
	var views []alerting.AlertView
	s.p.Engine().View(func(c *alerting.Core) {
		p, err = c.Preview(in)
		views = c.Alerts(nil, 100_000)
	})
	if err != nil {
		return nil, invalid("%v", err)
	}
	out := &pb.SuppressionPreview{
		Monitors: int32(p.Matched), MonitorsTotal: int32(p.Known), Services: p.Services,
		Refused: p.Guard != "", Reason: p.Guard,
	}
	targets, err := targetMatchers(in.Targets)
	if err != nil {
		return nil, err
	}
	sortNewest(views)
	for _, v := range views {
		muted := slices.ContainsFunc(targets, func(ms []*labels.Matcher) bool {
			return alerting.MatchesThing(ms, v.Event.Monitor, v.Event.Labels)
		})
		switch {
		case muted:
			if len(out.Events) < maxPreviewed {
				out.Events = append(out.Events, recordOf(v))
			}
		case v.Counts == alerting.Unhealthy && len(v.SuppressedBy) == 0 && len(out.StillNotify) < maxPreviewed:
			out.StillNotify = append(out.StillNotify, v.Event.Monitor)
		}
	}
	return out, nil
}

// targetMatchers reads the targets of a suppression; one matches a thing if all
// its matchers do.
func targetMatchers(targets []string) ([][]*labels.Matcher, error) {
	var out [][]*labels.Matcher
	for _, t := range targets {
		ms, err := selector("suppression.targets", t)
		if err != nil {
			return nil, err
		}
		out = append(out, ms)
	}
	return out, nil
}

func (s *alertService) ExpireSuppression(ctx context.Context, r *pb.ExpireSuppressionRequest) (*pb.ExpireSuppressionResponse, error) {
	if _, ok := s.suppression(r.Id); !ok {
		return nil, notFound("suppression", r.Id, "list them with GET /v1/suppressions")
	}
	if _, err := s.p.Engine().Submit(ctx, alerting.Input{Expire: &alerting.Expire{ID: r.Id, By: "api"}}); err != nil {
		return nil, asStatus(codes.Unavailable, err)
	}
	after, _ := s.suppression(r.Id)
	return &pb.ExpireSuppressionResponse{Suppression: after}, nil
}

func (s *alertService) ListSuppressions(_ context.Context, r *pb.ListSuppressionsRequest) (*pb.ListSuppressionsResponse, error) {
	var views []alerting.SuppressionView
	s.p.Engine().View(func(c *alerting.Core) { views = c.Suppressions() })
	order := map[alerting.SuppressionState]int{alerting.Active: 0, alerting.Scheduled: 1, alerting.Ended: 2}
	slices.SortStableFunc(views, func(a, b alerting.SuppressionView) int {
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), cmp.Compare(b.End, a.End))
	})
	out := &pb.ListSuppressionsResponse{}
	for _, v := range views {
		if v.State != alerting.Ended || r.IncludeExpired {
			out.Suppressions = append(out.Suppressions, suppressionOut(v))
		}
	}
	return out, nil
}

func (s *alertService) suppression(id string) (*pb.Suppression, bool) {
	var v alerting.SuppressionView
	var ok bool
	s.p.Engine().View(func(c *alerting.Core) { v, ok = c.Suppression(id) })
	if !ok {
		return nil, false
	}
	return suppressionOut(v), true
}

func suppressionOut(v alerting.SuppressionView) *pb.Suppression {
	state := string(v.State)
	if v.State == alerting.Ended {
		state = "expired"
	}
	return &pb.Suppression{
		Id: v.ID, Description: v.Description, Start: stamp(v.Start), End: stamp(v.End), Targets: v.Targets,
		CreatedBy: v.CreatedBy, Metadata: v.Metadata, State: state, Muted: int64(v.MutedTotal),
	}
}

// mutedEvents lists what one suppression muted, newest first.
func (s *alertService) mutedEvents(id string, limit int) (*pb.ListEventsResponse, error) {
	var v alerting.SuppressionView
	var ok bool
	s.p.Engine().View(func(c *alerting.Core) { v, ok = c.Suppression(id) })
	if !ok {
		return nil, notFound("suppression", id, "list them with GET /v1/suppressions?include_expired=true")
	}
	out := &pb.ListEventsResponse{}
	for _, m := range slices.Backward(v.Muted) {
		if len(out.Events) == limit {
			break
		}
		out.Events = append(out.Events, &pb.EventRecord{
			Event:         &pb.Event{Id: m.Event, Monitor: m.Monitor, Labels: labelMap(m.Labels), Priority: priorityOut(m.Priority), ObservedAt: stamp(m.At)},
			Decision:      "suppressed",
			SuppressionId: id,
		})
	}
	return out, nil
}

func sortNewest(views []alerting.AlertView) {
	slices.SortStableFunc(views, func(a, b alerting.AlertView) int {
		return cmp.Or(cmp.Compare(b.Event.Since, a.Event.Since), strings.Compare(a.Event.Monitor, b.Event.Monitor))
	})
}

// errGuard is the refusal of a suppression that would mute too much.
type errGuard string

func (e errGuard) Error() string {
	return "cannot create the suppression: " + string(e) + "; narrow its targets, or set confirm after looking at the preview"
}

// heartbeat is how often a quiet stream says that it is alive.
const heartbeat = 15 * time.Second
