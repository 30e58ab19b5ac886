package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
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
	refused := refusals(err)
	if err != nil && len(refused) == 0 {
		return nil, asStatus(codes.Unavailable, err)
	}
	for k, i := range at {
		seq := last - uint64(len(ins)-1-k)
		if why := refused[seq]; why != nil {
			out.Errors[int32(i)] = why.Error()
			continue
		}
		out.Seqs[i] = seq
	}
	return out, nil
}

// refusals takes a Submit's error apart: which inputs were logged and refused.
func refusals(err error) map[uint64]*journal.RefusedError {
	out := map[uint64]*journal.RefusedError{}
	var refused *journal.RefusedError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			maps.Copy(out, refusals(e))
		}
	} else if errors.As(err, &refused) {
		out[refused.Seq] = refused
	}
	return out
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
