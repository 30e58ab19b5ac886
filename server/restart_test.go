package server

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bellwether-ts/bellwether/alerting"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// After an orderly stop the same storage has everything, and nobody is told
// twice.
func TestRestartForgetsNothingAndTellsNobodyTwice(t *testing.T) {
	hook := newReceiver(t)
	o := Options{ConfigFile: hook.config(t, ""), StoragePath: t.TempDir()}
	s := launch(t, o)
	now := time.Now().UnixMilli()
	s.push(t, &pb.Series{Labels: map[string]string{"__name__": "kept"}, Samples: []*pb.Sample{{TimestampMs: now, Value: 7}}})
	s.send(t, unhealthy("e1", "cart"))
	eventually(t, "the webhook is told", func() bool { return len(hook.told("")) == 1 })
	muted, err := s.alerts().CreateSuppression(timed(t), &pb.CreateSuppressionRequest{Suppression: &pb.Suppression{
		Description: "kept", Targets: []string{`service="search"`}, End: timestamppb.New(time.Now().Add(time.Hour)), CreatedBy: "me",
	}})
	if err != nil {
		t.Fatal(err)
	}
	run, err := pb.NewCanaryServiceClient(s.conn).StartAnalysis(timed(t), &pb.StartAnalysisRequest{Spec: &pb.CanarySpec{
		Name: "kept", Baseline: `track="stable"`, Canary: `track="canary"`,
		Metrics: []*pb.CanaryMetric{{Name: "errors", Query: "rate(errors_total{$side}[1m])", Direction: pb.BadDirection_BAD_DIRECTION_INCREASE}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	token := s.startToken(t)
	told := len(hook.told(""))
	before := s.groups(t)
	stopped(t, s)
	told = max(told, len(hook.told("")))

	s = launch(t, o)
	after := s.groups(t)
	if len(after) != len(before) {
		t.Errorf("%d groups after the restart, %d before", len(after), len(before))
	}
	for i := range before {
		if after[i].Id != before[i].Id || after[i].Status != before[i].Status {
			t.Errorf("group %v became %v", before[i], after[i])
		}
	}
	if r, err := s.alerts().ListSuppressions(timed(t), &pb.ListSuppressionsRequest{}); err != nil || len(r.Suppressions) != 1 || r.Suppressions[0].Id != muted.Suppression.Id {
		t.Errorf("suppressions: %v, %v", r, err)
	}
	if r, err := pb.NewCanaryServiceClient(s.conn).GetAnalysis(timed(t), &pb.GetAnalysisRequest{Id: run.Id}); err != nil || r.Analysis.State != pb.AnalysisState_ANALYSIS_STATE_RUNNING {
		t.Errorf("canary run: %v, %v", r, err)
	}
	if got := s.get(t, "/api/v1/query?query=kept&time="+text(now)); !strings.Contains(got.body, `"7"`) {
		t.Errorf("the sample is gone: %s", got.body)
	}
	// A token of before the restart goes on where it was, and a new event is the
	// first thing that is told again.
	s.send(t, unhealthy("e2", "fresh"))
	next, stop := s.watching(t, &pb.WatchRequest{ResumeToken: token})
	for m := next(); m.Event.GetEvent().GetMonitor() != "errors of fresh"; m = next() {
		if m.Type == "fired" {
			t.Errorf("fired again after the restart: %s", m)
		}
	}
	stop()
	eventually(t, "the webhook is told of the new event", func() bool { return len(hook.told("")) > told })
	seen := map[string]int{}
	for _, n := range hook.told("") {
		if seen[n.ID]++; seen[n.ID] > 1 {
			t.Errorf("told twice: %s", n.Title)
		}
	}
	opened := map[string]bool{}
	for _, n := range hook.told(alerting.Opened) {
		if opened[n.Group] {
			t.Errorf("group %s was opened twice", n.Group)
		}
		opened[n.Group] = true
	}
}

func stopped(t *testing.T, s *server) {
	t.Helper()
	began := time.Now()
	if err := s.end(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if took := time.Since(began); took > stopTimeout {
		t.Errorf("stopping took %s", took)
	}
}

// A server that is killed in the middle of its work has, when it comes back,
// every event that it acknowledged, and each once.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for life := range 3 {
		kill, client := child(t, dir)
		for i := 0; ; i++ {
			id := fmt.Sprintf("life-%d-%d", life, i)
			_, err := client.SendEvents(timed(t), &pb.SendEventsRequest{Events: []*pb.Event{unhealthy(id, id)}})
			if err != nil {
				break // Killed.
			}
			acknowledged = append(acknowledged, id)
			if i == 20+15*life {
				go kill() // While events go on coming.
			}
		}
		kill()
	}
	s := launch(t, Options{StoragePath: dir})
	known := map[string]int{}
	r, err := s.alerts().ListEvents(timed(t), &pb.ListEventsRequest{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Events {
		known[e.Event.Id]++
	}
	for _, id := range acknowledged[max(0, len(acknowledged)-900):] {
		if known[id] != 1 {
			t.Errorf("event %s was acknowledged and is there %d times", id, known[id])
		}
	}
	t.Logf("%d events acknowledged over three kills", len(acknowledged))
}

// child starts a server process on dir and returns how to kill -9 it.
func child(t *testing.T, dir string) (kill func(), client pb.AlertServiceClient) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background()) // CommandContext kills with SIGKILL.
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log logText
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() { cancel(); _ = cmd.Wait() }) // Its error is that it was killed.
	t.Cleanup(kill)
	var address struct{ http, grpc string }
	if _, err := fmt.Fscan(bufio.NewReader(said), &address.http, &address.grpc); err != nil {
		t.Fatalf("the child did not start: %v\n%s", err, &log)
	}
	return kill, pb.NewAlertServiceClient(dial(t, address.grpc, grpc.WithTransportCredentials(insecure.NewCredentials())))
}
