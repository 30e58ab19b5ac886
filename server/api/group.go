package api

import (
	"cmp"
	"context"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Groups: one problem each, who was told, and what people do with it.

func (s *alertService) ListGroups(_ context.Context, r *pb.ListGroupsRequest) (*pb.ListGroupsResponse, error) {
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return nil, err
	}
	var views []alerting.GroupView
	s.p.Engine().View(func(c *alerting.Core) { views = c.Groups(alerting.GroupQuery{}) })
	out := &pb.ListGroupsResponse{}
	limit := limited(r.Limit, 100, 1000)
	for _, open := range []bool{true, false} {
		for _, g := range views {
			isOpen := g.State != alerting.GroupEnded
			if isOpen != open || (r.OpenOnly && !isOpen) || len(out.Groups) >= limit || !groupMatches(ms, g) {
				continue
			}
			out.Groups = append(out.Groups, groupOf(g))
		}
	}
	return out, nil
}

func groupMatches(ms []*labels.Matcher, g alerting.GroupView) bool {
	if len(ms) == 0 {
		return true
	}
	for _, m := range g.Members {
		if metric.Matches(ms, m.Labels) {
			return true
		}
	}
	return false
}

func groupOf(g alerting.GroupView) *pb.Group {
	out := &pb.Group{
		Id: g.ID, Key: g.Key, Status: pb.Status_STATUS_HEALTHY, Priority: priorityOut(g.Priority),
		Opened: stamp(g.OpenedAt), Closed: stamp(g.ClosedAt), Members: int32(g.Total), Unhealthy: int32(g.Unhealthy + g.Muted),
		AcknowledgedBy: g.AckedBy, Previous: g.Previous, Suppressed: g.Muted > 0 && g.Unhealthy == 0,
		Title: cmp.Or(alerting.Symptom(g.Members), g.Key),
	}
	if g.State == alerting.GroupUnhealthy {
		out.Status = pb.Status_STATUS_UNHEALTHY
	}
	for range g.Members {
		out.Events++
	}
	return out
}

func (s *alertService) GetGroup(_ context.Context, r *pb.GetGroupRequest) (*pb.GetGroupResponse, error) {
	var g alerting.GroupView
	var ok bool
	var why string
	pending := map[string]bool{}
	s.p.Engine().View(func(c *alerting.Core) {
		if g, ok = c.Group(r.Id); ok {
			why = c.Explain(r.Id)
			for _, n := range c.Outbox() {
				pending[n.ID] = true
			}
		}
	})
	if !ok {
		return nil, notFound("group", r.Id, "list them with GET /v1/groups")
	}
	out := &pb.GetGroupResponse{Group: groupOf(g), Trace: traceText(why)}
	for _, m := range g.Members {
		out.Members = append(out.Members, memberOf(g, m))
	}
	for _, t := range g.Told {
		n := &pb.NotificationRecord{Id: t.ID, Receiver: t.Receiver, At: stamp(t.At), Reason: string(t.Kind), Delivery: "delivered", Status: pb.Status_STATUS_UNHEALTHY}
		if t.Kind == alerting.Cleared {
			n.Status = pb.Status_STATUS_HEALTHY
		}
		if pending[t.ID] {
			n.Delivery = "pending"
		}
		out.Notifications = append(out.Notifications, n)
	}
	return out, nil
}

func memberOf(g alerting.GroupView, m alerting.Member) *pb.EventRecord {
	e := &pb.Event{
		Id: m.Event, Monitor: m.Monitor, Labels: labelMap(m.Labels), Status: statusOut(m.Status), Priority: priorityOut(m.Priority),
		Since: stamp(m.Since), Message: m.Message,
	}
	if m.Evidence != nil {
		e.Evidence = m.Evidence.Summary
	}
	out := &pb.EventRecord{Event: e, GroupId: g.ID, Decision: strings.ToLower(string(m.Status))}
	if len(m.SuppressedBy) > 0 {
		out.Decision, out.SuppressionId = "suppressed", m.SuppressedBy[0]
	}
	return out
}

func (s *alertService) Acknowledge(ctx context.Context, r *pb.AcknowledgeRequest) (*pb.AcknowledgeResponse, error) {
	until := int64(0)
	if r.ExpiresIn != nil {
		until = s.p.Now().Add(r.ExpiresIn.AsDuration()).UnixMilli()
	}
	g, err := s.act(ctx, alerting.Act{Verb: alerting.Ack, Group: r.Id, By: r.By, Text: r.Note, Until: until})
	if err != nil {
		return nil, err
	}
	return &pb.AcknowledgeResponse{Group: groupOf(g)}, nil
}

func (s *alertService) CloseGroup(ctx context.Context, r *pb.CloseGroupRequest) (*pb.CloseGroupResponse, error) {
	g, err := s.act(ctx, alerting.Act{Verb: alerting.Close, Group: r.Id, By: r.By, Text: r.Note, Outcome: alerting.Outcome(r.Outcome)})
	if err != nil {
		return nil, err
	}
	return &pb.CloseGroupResponse{Group: groupOf(g)}, nil
}

// act logs a person's action on a group and returns the group after it.
func (s *alertService) act(ctx context.Context, a alerting.Act) (g alerting.GroupView, err error) {
	if a.By == "" {
		return g, invalid("cannot act on group %q for nobody: set by", a.Group)
	}
	switch a.Outcome {
	case "", alerting.Actionable, alerting.FalseAlarm, alerting.Duplicate, alerting.Known:
	default:
		return g, invalid("cannot close with outcome %q: use actionable, false, duplicate or known", a.Outcome)
	}
	if a.Verb == alerting.Close && a.Outcome == "" {
		return g, invalid("cannot close group %q without an outcome: use actionable, false, duplicate or known", a.Group)
	}
	found := func() (ok bool) {
		s.p.Engine().View(func(c *alerting.Core) { g, ok = c.Group(a.Group) })
		return ok
	}
	if !found() {
		return g, notFound("group", a.Group, "list them with GET /v1/groups")
	}
	if _, err := s.p.Engine().Submit(ctx, alerting.Input{Act: &a}); err != nil {
		return g, asStatus(codes.Unavailable, err)
	}
	found()
	return g, nil
}

func (s *alertService) GetHistory(_ context.Context, r *pb.GetHistoryRequest) (*pb.GetHistoryResponse, error) {
	if r.Key == "" {
		return nil, invalid("cannot list the history of nothing: set key to a group's key")
	}
	out := &pb.GetHistoryResponse{}
	s.p.Engine().View(func(c *alerting.Core) {
		for i, g := range c.History(r.Key) {
			if i < limited(r.Limit, 50, 1000) {
				out.Groups = append(out.Groups, groupOf(g))
			}
		}
	})
	return out, nil
}
