package api

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	"github.com/bellwether-ts/bellwether/metric"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// alertService is the event core's face. suppression.go and watch.go hold the
// rest of it.
type alertService struct {
	pb.UnimplementedAlertServiceServer
	p         *pipeline.Pipeline
	receivers func() []Receiver
}

// maxEvents bounds one SendEvents.
const maxEvents = 1000

func (s *alertService) SendEvents(ctx context.Context, r *pb.SendEventsRequest) (*pb.SendEventsResponse, error) {
	if len(r.Events) == 0 || len(r.Events) > maxEvents {
		return nil, invalid("cannot take %d events in one call: send 1 to %d", len(r.Events), maxEvents)
	}
	out := &pb.SendEventsResponse{Seqs: make([]uint64, len(r.Events)), Errors: map[int32]string{}}
	var ins []alerting.Input
	var at []int
	for i, e := range r.Events {
		in, err := eventIn(e)
		if err == nil {
			err = in.Validate()
		}
		if err != nil {
			out.Errors[int32(i)] = err.Error()
			continue
		}
		ins, at = append(ins, alerting.Input{Event: &in}), append(at, i)
	}
	if len(ins) == 0 {
		return nil, invalid("cannot take any of the %d events: %s", len(r.Events), joined(out.Errors))
	}
	last, err := s.p.Engine().Submit(ctx, ins...)
	var refused *journal.RefusedError
	if err != nil && !errors.As(err, &refused) {
		return nil, asStatus(codes.Unavailable, err)
	}
	for k, i := range at {
		out.Seqs[i] = last - uint64(len(ins)-1-k)
		if refused != nil && refused.Seq == out.Seqs[i] {
			out.Errors[int32(i)] = refused.Error()
		}
	}
	return out, nil
}

func joined(errs map[int32]string) string {
	var parts []string
	for i := int32(0); len(parts) < len(errs) && len(parts) < 10; i++ {
		if e, ok := errs[i]; ok {
			parts = append(parts, fmt.Sprintf("event %d: %s", i, e))
		}
	}
	return strings.Join(parts, "; ")
}

// eventIn reads an event of the contract; a status or priority outside the two
// values is refused here, the rest by the core.
func eventIn(e *pb.Event) (alerting.Event, error) {
	if e == nil {
		return alerting.Event{}, errors.New("it is empty")
	}
	out := alerting.Event{
		ID: e.Id, Source: e.Source, Monitor: e.Monitor, Since: millis(e.Since, 0), ObservedAt: millis(e.ObservedAt, 0),
		ValidUntil: millis(e.ValidUntil, 0), Labels: labels.FromMap(e.Labels), Context: e.Context, Message: e.Message,
		Grouping: alerting.Grouping{Keys: e.Grouping.GetKeys(), Window: e.Grouping.GetWindow().AsDuration().Milliseconds()},
		Alerting: alerting.Alerting{Channel: e.Channel, TicketQueue: e.TicketQueue},
	}
	var errs []error
	switch e.Status {
	case pb.Status_STATUS_HEALTHY:
		out.Status = alerting.Healthy
	case pb.Status_STATUS_UNHEALTHY:
		out.Status = alerting.Unhealthy
	default:
		errs = append(errs, fmt.Errorf("status is %s; there are two, STATUS_HEALTHY and STATUS_UNHEALTHY", e.Status))
	}
	switch e.Priority {
	case pb.Priority_PRIORITY_HIGH:
		out.Priority = alerting.High
	case pb.Priority_PRIORITY_LOW, pb.Priority_PRIORITY_UNSPECIFIED:
		out.Priority = alerting.Low
	default:
		errs = append(errs, fmt.Errorf("priority is %s; there are two, PRIORITY_HIGH and PRIORITY_LOW", e.Priority))
	}
	if e.Evidence != "" {
		out.Evidence = &alerting.Evidence{Summary: e.Evidence}
	}
	for _, l := range e.Links {
		out.Links = append(out.Links, alerting.Link{URL: l})
	}
	return out, errors.Join(errs...)
}

func eventOut(e alerting.Event) *pb.Event {
	out := &pb.Event{
		Id: e.ID, Source: e.Source, Monitor: e.Monitor, Status: statusOut(e.Status), Priority: priorityOut(e.Priority),
		Since: stamp(e.Since), ObservedAt: stamp(e.ObservedAt), ValidUntil: stamp(e.ValidUntil),
		Labels: labelMap(e.Labels), Context: e.Context, Message: e.Message,
		Channel: e.Alerting.Channel, TicketQueue: e.Alerting.TicketQueue,
	}
	if e.Evidence != nil {
		out.Evidence = e.Evidence.Summary
	}
	for _, l := range e.Links {
		out.Links = append(out.Links, l.URL)
	}
	if len(e.Grouping.Keys) > 0 || e.Grouping.Window > 0 {
		out.Grouping = &pb.Grouping{Keys: e.Grouping.Keys, Window: span(e.Grouping.Window)}
	}
	return out
}

func statusOut(s alerting.Status) pb.Status {
	if s == alerting.Unhealthy {
		return pb.Status_STATUS_UNHEALTHY
	}
	return pb.Status_STATUS_HEALTHY
}

func priorityOut(p alerting.Priority) pb.Priority {
	if p == alerting.High {
		return pb.Priority_PRIORITY_HIGH
	}
	return pb.Priority_PRIORITY_LOW
}

func (s *alertService) ListEvents(_ context.Context, r *pb.ListEventsRequest) (*pb.ListEventsResponse, error) {
	ms, err := selector("matcher", r.Matcher)
	if err != nil {
		return nil, err
	}
	limit := limited(r.Limit, 100, 1000)
	out := &pb.ListEventsResponse{}
	if r.SuppressionId != "" {
		return s.mutedEvents(r.SuppressionId, limit)
	}
	var views []alerting.AlertView
	s.p.Engine().View(func(c *alerting.Core) { views = c.Alerts(ms, 100_000) })
	sortNewest(views)
	for _, v := range views[:min(limit, len(views))] {
		out.Events = append(out.Events, recordOf(v))
	}
	return out, nil
}

// recordOf tells a thing with its newest event and what it counts as.
func recordOf(v alerting.AlertView) *pb.EventRecord {
	out := &pb.EventRecord{Event: eventOut(v.Event), GroupId: v.Group, Decision: strings.ToLower(string(v.Counts))}
	switch {
	case v.Flapping:
		out.Decision = "flapping"
	case v.Pending:
		out.Decision = "pending"
	case len(v.SuppressedBy) > 0:
		out.Decision, out.SuppressionId = "suppressed", v.SuppressedBy[0]
	}
	return out
}

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
		Title: groupTitle(g),
	}
	if g.State == alerting.GroupUnhealthy {
		out.Status = pb.Status_STATUS_UNHEALTHY
	}
	for range g.Members {
		out.Events++
	}
	return out
}

// groupTitle is the first symptom: a HIGH member before a LOW one, an early one
// before a late one.
func groupTitle(g alerting.GroupView) string {
	var best *alerting.Member
	for i := range g.Members {
		m := &g.Members[i]
		if best == nil || (m.Priority == alerting.High && best.Priority != alerting.High) ||
			(m.Priority == best.Priority && m.Since < best.Since) {
			best = m
		}
	}
	if best == nil {
		return g.Key
	}
	if best.Message != "" {
		first, _, _ := strings.Cut(best.Message, "\n")
		return first
	}
	return best.Monitor
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

func (s *alertService) Explain(_ context.Context, r *pb.ExplainRequest) (*pb.ExplainResponse, error) {
	kind, why := s.explain(r.Id)
	if why == "" {
		return nil, notFound("anything called", r.Id, "ids stand in the lists of anomalies, groups, suppressions and canaries; old ones are forgotten")
	}
	return &pb.ExplainResponse{Kind: kind, Trace: traceText(why)}, nil
}

// explain asks each room in turn whether it knows an id.
func (s *alertService) explain(id string) (kind, why string) {
	if f, ok := s.p.Anomalies.Get(id); ok {
		return "anomaly", f.Name() + "\n" + f.Anomaly.Trace.String()
	}
	if run, ok := s.p.Canaries.Get(id); ok {
		return "canary", run.Verdict.Text()
	}
	for _, st := range s.p.Objectives() {
		if st.Objective.Name == id {
			return "slo", st.Trace().Text()
		}
	}
	s.p.Engine().View(func(c *alerting.Core) {
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

func (s *alertService) ListReceivers(context.Context, *pb.ListReceiversRequest) (*pb.ListReceiversResponse, error) {
	out := &pb.ListReceiversResponse{}
	for _, st := range s.receivers() {
		one := &pb.ReceiverStatus{Name: st.Name, Type: st.Type, Queued: int32(st.Queued), Delivered: int64(st.Delivered)}
		for _, d := range st.Dead {
			one.Dead = append(one.Dead, &pb.DeadLetter{NotificationId: d.Notification.ID, At: stamp(d.At.UnixMilli()), Error: d.Reason})
		}
		out.Receivers = append(out.Receivers, one)
	}
	return out, nil
}
