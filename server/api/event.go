package api

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Events between the contract and the core.

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
