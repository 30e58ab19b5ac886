package api

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/alerting/journal"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

var errSlowReader = errors.New("cannot keep the stream: its reader fell too far behind; open it again, nothing was lost in the lists")

// Watch streams transitions; see Subscribe for the form with acknowledgements.
func (s *alertService) Watch(r *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	return s.watch(stream.Context(), r, stream.Send)
}

// watch hands every matching transition to send until ctx ends or send fails.
func (s *alertService) watch(ctx context.Context, r *pb.WatchRequest, send func(*pb.WatchResponse) error) error {
	ms, err := selector("matcher", r.GetMatcher())
	if err != nil {
		return err
	}
	w, err := s.p.Engine().Watch(journal.WatchOptions{Token: r.GetResumeToken(), Matchers: ms, Bookmark: heartbeat})
	if err != nil {
		return watchStatus(err)
	}
	defer w.Close()
	// A bookmark at once: the reader knows that the stream is open, and has a
	// token before anything happens.
	open := journal.Message{Seq: w.Seq(), PrevSeq: w.Seq(), Token: w.Token(), Bookmark: true}
	for _, out := range s.messages(open, "", r.GetMinPriority()) {
		if err := send(out); err != nil {
			return err
		}
	}
	told := uint64(0) // Position of the last message sent; 0 before the first.
	for {
		before := w.Token()
		m, err := w.Next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return watchStatus(err)
		}
		if told != 0 {
			m.PrevSeq = told // A message that the priority keeps back is no gap.
		}
		for _, out := range s.messages(m, before, r.GetMinPriority()) {
			if err := send(out); err != nil {
				return err
			}
			told = out.Seq
		}
	}
}

// watchStatus maps a refused token to a code a client can act on.
func watchStatus(err error) error {
	var expired *journal.ExpiredError
	switch {
	case errors.As(err, &expired):
		return asStatus(codes.OutOfRange, err)
	case errors.Is(err, journal.ErrToken):
		return asStatus(codes.InvalidArgument, err)
	}
	return asStatus(codes.Internal, err)
}

// messages writes one message a transition, or one bookmark. Only the last
// message of a log entry has the token behind it; the others carry the one
// before it, so that who resumes in the middle sees the entry again, not a gap.
func (s *alertService) messages(m journal.Message, before string, least pb.Priority) []*pb.WatchResponse {
	if m.Bookmark {
		return []*pb.WatchResponse{{Seq: m.Seq, PrevSeq: m.PrevSeq, ResumeToken: m.Token, Type: "bookmark", At: stamp(s.p.Now().UnixMilli())}}
	}
	var out []*pb.WatchResponse
	prev := m.PrevSeq
	s.p.Engine().View(func(c *alerting.Core) {
		for _, t := range m.Transitions {
			if least == pb.Priority_PRIORITY_HIGH && t.Priority != alerting.High {
				continue
			}
			out = append(out, transitionOut(c, m, t, prev, s.p.Now().UnixMilli()))
			prev = m.Seq
		}
	})
	for i := range len(out) - 1 {
		out[i].ResumeToken = before
	}
	return out
}

func transitionOut(c *alerting.Core, m journal.Message, t alerting.Transition, prev uint64, now int64) *pb.WatchResponse {
	out := &pb.WatchResponse{Seq: m.Seq, PrevSeq: prev, ResumeToken: m.Token, Type: string(t.Kind), Text: t.Text, At: stamp(now)}
	if t.Monitor != "" {
		out.Event = &pb.EventRecord{
			Seq: m.Seq, GroupId: t.Group, SuppressionId: t.Suppression,
			Event: &pb.Event{Id: t.Event, Monitor: t.Monitor, Labels: labelMap(t.Labels), Status: statusOut(t.Status), Priority: priorityOut(t.Priority)},
		}
		only := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "monitor", t.Monitor)}
		t.Labels.Range(func(l labels.Label) {
			only = append(only, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
		})
		for _, v := range c.Alerts(only, 1) {
			out.Event = recordOf(v)
			out.Event.Seq = m.Seq
		}
	}
	if t.Group != "" {
		if g, ok := c.Group(t.Group); ok {
			out.Group = groupOf(g)
		}
	}
	return out
}

// Subscribe is Watch with acknowledgements: at most max_outstanding messages
// are out, and what is not acknowledged in time is sent again, oldest first.
func (s *alertService) Subscribe(stream grpc.BidiStreamingServer[pb.SubscribeRequest, pb.SubscribeResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	if first.Watch == nil {
		return invalid("cannot subscribe to nothing: the first message must set watch (an empty one means everything from now)")
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	sub := newSubscription(stream.Send, first)
	acks := make(chan uint64, 64)
	go readAcks(ctx, cancel, stream, acks)
	fresh := make(chan *pb.WatchResponse)
	failed := make(chan error, 1)
	go func() {
		failed <- s.watch(ctx, first.Watch, func(m *pb.WatchResponse) error {
			select {
			case fresh <- m:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return sub.run(ctx, fresh, acks, failed)
}

func readAcks(ctx context.Context, cancel context.CancelFunc, stream grpc.BidiStreamingServer[pb.SubscribeRequest, pb.SubscribeResponse], acks chan<- uint64) {
	defer cancel()
	for {
		r, err := stream.Recv()
		if err != nil {
			return // io.EOF: the client is done; anything else: it is gone.
		}
		select {
		case acks <- r.AckSeq:
		case <-ctx.Done():
			return
		}
	}
}

// subscription is the flow control of one Subscribe.
type subscription struct {
	send     func(*pb.SubscribeResponse) error
	limit    int
	deadline time.Duration
	out      []outstanding // Oldest first.
}

type outstanding struct {
	message  *pb.WatchResponse
	attempts int32
	sent     time.Time
}

const (
	defaultOutstanding = 1000
	maxOutstanding     = 100_000
	defaultAckDeadline = 30 * time.Second
	minAckDeadline     = time.Second // A shorter one would send everything again without end.
)

func newSubscription(send func(*pb.SubscribeResponse) error, first *pb.SubscribeRequest) *subscription {
	sub := &subscription{send: send, limit: limited(first.MaxOutstanding, defaultOutstanding, maxOutstanding), deadline: defaultAckDeadline}
	if d := first.AckDeadline; d != nil && d.AsDuration() > 0 {
		sub.deadline = max(d.AsDuration(), minAckDeadline)
	}
	return sub
}

func (sub *subscription) run(ctx context.Context, fresh <-chan *pb.WatchResponse, acks <-chan uint64, failed <-chan error) error {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		in := fresh
		if len(sub.out) >= sub.limit {
			in = nil // Full: the reader catches up from the log when it acknowledges.
		}
		var err error
		select {
		case m := <-in:
			err = sub.deliver(m)
		case seq := <-acks:
			sub.acknowledge(seq)
		case now := <-again.C:
			err = sub.redeliver(now)
		case err = <-failed:
			if err == nil {
				err = io.EOF
			}
		case <-ctx.Done():
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (sub *subscription) deliver(m *pb.WatchResponse) error {
	if m.Type != "bookmark" {
		sub.out = append(sub.out, outstanding{message: m, attempts: 1, sent: time.Now()})
	}
	return sub.send(&pb.SubscribeResponse{Message: m, DeliveryAttempt: 1})
}

// acknowledge forgets everything up to seq.
func (sub *subscription) acknowledge(seq uint64) {
	n := 0
	for n < len(sub.out) && sub.out[n].message.Seq <= seq {
		n++
	}
	sub.out = sub.out[n:]
}

func (sub *subscription) redeliver(now time.Time) error {
	for i := range sub.out {
		o := &sub.out[i]
		if now.Sub(o.sent) < sub.deadline {
			continue
		}
		o.attempts++
		o.sent = now
		if err := sub.send(&pb.SubscribeResponse{Message: o.message, DeliveryAttempt: o.attempts}); err != nil {
			return err
		}
	}
	return nil
}
