package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bellwether-ts/bellwether/alerting"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// receiver is a webhook that keeps what it is told.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	calls []alerting.Notification
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		var body struct{ Notifications []alerting.Notification }
		data, err := io.ReadAll(req.Body)
		if err == nil {
			err = json.Unmarshal(data, &body)
		}
		if err != nil || len(body.Notifications) == 0 {
			t.Errorf("a webhook call that cannot be read: %v: %s", err, data)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, body.Notifications...)
	}))
	t.Cleanup(r.Close)
	return r
}

// told lists what was received of a kind; every kind if empty.
func (r *receiver) told(kind alerting.NotificationKind) []alerting.Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []alerting.Notification
	for _, n := range r.calls {
		if kind == "" || n.Kind == kind {
			out = append(out, n)
		}
	}
	return out
}

func (r *receiver) config(t *testing.T, more string) string {
	t.Helper()
	return writeFile(t, t.TempDir(), "bellwether.yml", fmt.Sprintf("alerting:\n  receivers: [{name: hook, url: %q}]\n%s", r.URL, more))
}

// Good events of a call are taken although others are refused, and each
// refusal says why.
func TestSendEventsTakesTheGoodOnes(t *testing.T) {
	s := launch(t, Options{})
	third, nameless := unhealthy("e2", "cart"), unhealthy("", "cart")
	third.Status, nameless.Monitor = pb.Status(3), ""
	r := s.send(t, unhealthy("e1", "cart"), third, nameless, unhealthy("e4", "payment"))
	if len(r.Errors) != 2 || r.Seqs[0] == 0 || r.Seqs[3] != r.Seqs[0]+1 || r.Seqs[1] != 0 || r.Seqs[2] != 0 {
		t.Errorf("answer %v; want the first and the last taken", r)
	}
	if e := r.Errors[1]; !strings.Contains(e, "there are two, STATUS_HEALTHY and STATUS_UNHEALTHY") {
		t.Errorf("a third status: %q", e)
	}
	if e := r.Errors[2]; !strings.Contains(e, "monitor") {
		t.Errorf("no monitor: %q", e)
	}
	if got := s.groups(t); len(got) != 2 {
		t.Errorf("%d groups, want one for cart and one for payment: %v", len(got), got)
	}
	// The enumeration's own name of a status that is none.
	if got := s.post(t, "/v1/events", `{"events":[{"id":"x","source":"s","monitor":"m"}]}`); got.status != 400 || !strings.Contains(got.body, "STATUS_UNSPECIFIED") {
		t.Errorf("no status: %d %s", got.status, got.body)
	}
}

// A suppression must end and must name something; the preview says what it
// would mute and creates nothing.
func TestSuppressionOverTheAPI(t *testing.T) {
	hook := newReceiver(t)
	s := launch(t, Options{ConfigFile: hook.config(t, "")})
	s.send(t, unhealthy("e1", "cart"), unhealthy("e2", "payment"))
	in := func(hours int, targets ...string) *pb.Suppression {
		return &pb.Suppression{Description: "a test", CreatedBy: "me", Targets: targets, End: timestamppb.New(time.Now().Add(time.Duration(hours) * time.Hour))}
	}
	endless := in(1, `service="cart"`)
	endless.End = nil
	for _, c := range []struct {
		in  *pb.Suppression
		say string
	}{
		{endless, "without an end"}, {in(24*30, `service="cart"`), "168h"}, {in(-1, `service="cart"`), "end"},
		{in(1), "target"}, {in(1, ""), "target"}, {in(1, `service=~".*"`), ""}, {in(1, `monitor=~".+"`), ""}, {in(1, `service=`), ""},
		{nil, "nothing"},
	} {
		_, err := s.alerts().CreateSuppression(timed(t), &pb.CreateSuppressionRequest{Suppression: c.in, Confirm: true})
		_, perr := s.alerts().PreviewSuppression(timed(t), &pb.PreviewSuppressionRequest{Suppression: c.in})
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), c.say) || status.Code(perr) != codes.InvalidArgument {
			t.Errorf("suppression %v: %v (preview: %v); want INVALID_ARGUMENT with %q", c.in, err, perr, c.say)
		}
	}
	p, err := s.alerts().PreviewSuppression(timed(t), &pb.PreviewSuppressionRequest{Suppression: in(1, `service="cart"`)})
	if err != nil || p.Preview.Monitors != 1 || p.Preview.MonitorsTotal != 2 || len(p.Preview.Events) != 1 ||
		len(p.Preview.StillNotify) != 1 || p.Preview.StillNotify[0] != "errors of payment" {
		t.Errorf("preview: %v, %v", p, err)
	}
	if r, err := s.alerts().ListSuppressions(timed(t), &pb.ListSuppressionsRequest{}); err != nil || len(r.Suppressions) != 0 {
		t.Errorf("after a preview: %v, %v", r, err)
	}
	// Both of two monitors are more than a tenth: the guard wants to be told.
	if _, err := s.alerts().CreateSuppression(timed(t), &pb.CreateSuppressionRequest{Suppression: in(1, `service=~"cart|payment"`)}); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "confirm") {
		t.Errorf("a suppression of everything: %v", err)
	}
	made, err := s.alerts().CreateSuppression(timed(t), &pb.CreateSuppressionRequest{Suppression: in(1, `service="cart"`)})
	if err != nil || made.Suppression.State != "active" || made.Suppression.Id == "" {
		t.Fatalf("create: %v, %v", made, err)
	}
	s.send(t, unhealthy("e3", "cart"))
	list, err := s.alerts().ListEvents(timed(t), &pb.ListEventsRequest{Matcher: `service="cart"`})
	if err != nil || len(list.Events) != 1 || list.Events[0].Decision != "suppressed" || list.Events[0].SuppressionId != made.Suppression.Id {
		t.Errorf("events of a muted service: %v, %v", list, err)
	}
	if r, err := s.alerts().ExpireSuppression(timed(t), &pb.ExpireSuppressionRequest{Id: made.Suppression.Id}); err != nil || r.Suppression.State != "expired" {
		t.Errorf("expire: %v, %v", r, err)
	}
	if _, err := s.alerts().ExpireSuppression(timed(t), &pb.ExpireSuppressionRequest{Id: "su-none"}); status.Code(err) != codes.NotFound {
		t.Errorf("expire of nothing: %v", err)
	}
}

// A person takes a group and closes it with an outcome; the receiver hears of
// the opening once, and the history keeps the rest.
func TestAcknowledgeAndClose(t *testing.T) {
	hook := newReceiver(t)
	s := launch(t, Options{ConfigFile: hook.config(t, "")})
	s.send(t, unhealthy("e1", "cart"))
	g := s.groups(t)[0]
	eventually(t, "the webhook is told", func() bool { return len(hook.told(alerting.Opened)) == 1 })
	if n := hook.told("")[0]; n.Group != g.Id || n.Priority != alerting.High || !strings.Contains(n.Title+n.Text, "cart") || n.Why == "" {
		t.Errorf("told %+v", n)
	}
	for _, c := range []struct {
		in   *pb.CloseGroupRequest
		code codes.Code
	}{
		{&pb.CloseGroupRequest{Id: g.Id, Outcome: "known"}, codes.InvalidArgument},
		{&pb.CloseGroupRequest{Id: g.Id, By: "me"}, codes.InvalidArgument},
		{&pb.CloseGroupRequest{Id: g.Id, By: "me", Outcome: "shrug"}, codes.InvalidArgument},
		{&pb.CloseGroupRequest{Id: "none", By: "me", Outcome: "known"}, codes.NotFound},
	} {
		if _, err := s.alerts().CloseGroup(timed(t), c.in); status.Code(err) != c.code {
			t.Errorf("close %v: %v, want %s", c.in, err, c.code)
		}
	}
	a, err := s.alerts().Acknowledge(timed(t), &pb.AcknowledgeRequest{Id: g.Id, By: "ann", Note: "looking"})
	if err != nil || a.Group.AcknowledgedBy != "ann" {
		t.Fatalf("acknowledge: %v, %v", a, err)
	}
	c, err := s.alerts().CloseGroup(timed(t), &pb.CloseGroupRequest{Id: g.Id, By: "ann", Outcome: "false", Note: "a test"})
	if err != nil || c.Group.Closed == nil {
		t.Fatalf("close: %v, %v", c, err)
	}
	h, err := s.alerts().GetHistory(timed(t), &pb.GetHistoryRequest{Key: g.Key})
	if err != nil || len(h.Groups) != 1 || h.Groups[0].Id != g.Id {
		t.Errorf("history: %v, %v", h, err)
	}
	x, err := s.alerts().Explain(timed(t), &pb.ExplainRequest{Id: g.Id})
	if err != nil || x.Kind != "group" || !strings.Contains(x.Trace.Text, "ann") {
		t.Errorf("explain: %v, %v", x, err)
	}
	detail, err := s.alerts().GetGroup(timed(t), &pb.GetGroupRequest{Id: g.Id})
	if err != nil || len(detail.Members) != 1 || len(detail.Notifications) == 0 || detail.Notifications[0].Receiver != "hook" {
		t.Errorf("group: %v, %v", detail, err)
	}
	if r, err := s.alerts().ListReceivers(timed(t), &pb.ListReceiversRequest{}); err != nil || len(r.Receivers) != 1 || r.Receivers[0].Type != "webhook" || r.Receivers[0].Delivered < 1 {
		t.Errorf("receivers: %v, %v", r, err)
	}
}
