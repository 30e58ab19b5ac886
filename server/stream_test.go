package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// watching is an open Watch stream.
func (s *server) watching(t *testing.T, r *pb.WatchRequest) (next func() *pb.WatchResponse, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(timed(t))
	stream, err := s.alerts().Watch(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	return func() *pb.WatchResponse {
		t.Helper()
		m, err := stream.Recv()
		if err != nil {
			t.Fatalf("watch: %v", err)
		}
		return m
	}, cancel
}

// told is what a message is about, for comparing.
func told(m *pb.WatchResponse) string {
	return fmt.Sprintf("%d %s %s %s", m.Seq, m.Type, m.GetEvent().GetEvent().GetMonitor(), m.GetGroup().GetId())
}

// A watcher that comes back with the token of any message sees all that
// followed it, also what the same log entry caused.
func TestWatchResumesWithoutAGap(t *testing.T) {
	s := launch(t, Options{})
	token := s.startToken(t)
	for i, service := range []string{"a", "b", "c"} {
		s.send(t, unhealthy(fmt.Sprintf("u%d", i), service))
	}
	s.send(t, healthy("h", "a"))
	const want = 3*3 + 1 // fired, group_opened, group_joined of each; then resolved.
	next, stop := s.watching(t, &pb.WatchRequest{ResumeToken: token})
	var all []*pb.WatchResponse
	for len(all) == 0 || all[len(all)-1].Type != "resolved" {
		if m := next(); m.Type != "bookmark" {
			all = append(all, m)
		}
	}
	stop()
	if len(all) < 7 || len(all) > want+1 {
		t.Errorf("%d messages: %v", len(all), all)
	}
	for i := 1; i < len(all); i++ {
		if all[i].PrevSeq != all[i-1].Seq || all[i].Seq < all[i-1].Seq {
			t.Errorf("message %d says %d comes before it, but that was %d", i, all[i].PrevSeq, all[i-1].Seq)
		}
	}
	for i, from := range all[:len(all)-1] {
		next, stop := s.watching(t, &pb.WatchRequest{ResumeToken: from.ResumeToken})
		seen := map[string]bool{}
		for !seen[told(all[len(all)-1])] {
			seen[told(next())] = true
		}
		stop()
		for _, m := range all[i+1:] {
			if !seen[told(m)] {
				t.Errorf("resumed after message %d (%s): %s is missing", i, told(from), told(m))
			}
		}
	}
}

// startToken returns a token from before everything that is to come: a stream
// begins with a bookmark.
func (s *server) startToken(t *testing.T) string {
	t.Helper()
	next, stop := s.watching(t, &pb.WatchRequest{})
	defer stop()
	m := next()
	if m.Type != "bookmark" || m.ResumeToken == "" {
		t.Fatalf("a stream begins with %v, want a bookmark", m)
	}
	return m.ResumeToken
}

// Filters hold for the stream, and a token is good for its own log and filter
// only.
func TestWatchFiltersAndForeignTokens(t *testing.T) {
	s, other := launch(t, Options{}), launch(t, Options{})
	for name, r := range map[string]*pb.WatchRequest{
		"another log":    {ResumeToken: other.startToken(t)},
		"another filter": {ResumeToken: s.startToken(t), Matcher: `service="cart"`},
		"garbage":        {ResumeToken: "garbage"},
		"bad matcher":    {Matcher: `service=`},
	} {
		stream, err := s.alerts().Watch(timed(t), r)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v, want INVALID_ARGUMENT", name, err)
		}
	}
}

// The page's stream is server-sent events; a browser that reconnects sends the
// last id, and nothing is missing.
func TestServerSentEvents(t *testing.T) {
	s := launch(t, Options{})
	token := s.startToken(t)
	s.send(t, unhealthy("e1", "cart"))
	first := s.sse(t, token, "fired")
	s.send(t, unhealthy("e2", "payment"))
	second := s.sse(t, first, "group_opened")
	if first == "" || second == "" || first == second {
		t.Errorf("ids %q and %q", first, second)
	}
	if got := s.do(t, http.MethodGet, "/v1/watch", "", map[string]string{"Accept": "text/event-stream", "Last-Event-ID": "garbage"}); got.status != 400 {
		t.Errorf("a garbage id: %d %s", got.status, got.body)
	}
}

// sse reads events after an id until one of a type, and returns its id.
func (s *server) sse(t *testing.T, after, until string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(timed(t))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/v1/watch", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Last-Event-ID", after)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if ct := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || ct != "text/event-stream" {
		t.Fatalf("%s, content type %q", resp.Status, ct)
	}
	var id string
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if v, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = v
		}
		if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var m struct {
				Type    string
				PrevSeq string `json:"prev_seq"`
			}
			if err := json.Unmarshal([]byte(v), &m); err != nil || m.PrevSeq == "" {
				t.Fatalf("event %s: %v", v, err)
			}
			if m.Type == until {
				return id
			}
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return ""
}

// A subscriber gets again what it has not acknowledged in time, and no more
// than it asked for at once.
func TestSubscribeRedelivers(t *testing.T) {
	s := launch(t, Options{})
	token := s.startToken(t)
	s.send(t, unhealthy("e1", "cart"))
	stream, err := s.alerts().Subscribe(timed(t))
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&pb.SubscribeRequest{Watch: &pb.WatchRequest{ResumeToken: token}, MaxOutstanding: 1, AckDeadline: durationpb.New(50e6)})
	if err != nil {
		t.Fatal(err)
	}
	recv := func() *pb.SubscribeResponse {
		t.Helper()
		for {
			m, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if m.Message.Type != "bookmark" {
				return m
			}
		}
	}
	first := recv()
	for n := int32(2); n <= 3; n++ { // The window is one: only the same message may come.
		if m := recv(); m.DeliveryAttempt != n || told(m.Message) != told(first.Message) {
			t.Fatalf("attempt %d of %s, want attempt %d of %s", m.DeliveryAttempt, told(m.Message), n, told(first.Message))
		}
	}
	if err := stream.Send(&pb.SubscribeRequest{AckSeq: first.Message.Seq}); err != nil {
		t.Fatal(err)
	}
	for m := recv(); told(m.Message) == told(first.Message); m = recv() {
	}
	empty, err := s.alerts().Subscribe(timed(t))
	if err == nil {
		if err = empty.Send(&pb.SubscribeRequest{AckSeq: 1}); err == nil {
			_, err = empty.Recv()
		}
	}
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a subscription to nothing: %v", err)
	}
}
