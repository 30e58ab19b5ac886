package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// How the tests of this package start a server, wait and ask.

// patience bounds every wait of a test; none is expected to come near it.
const patience = 30 * time.Second

// server is a running one, on free loopback ports.
type server struct {
	Addresses
	dir  string // Storage.
	conn *grpc.ClientConn
	log  *logText
	end  func() error // Ends the server and returns what Run returned; once.
}

// launch starts a server and returns when it is ready. It is stopped when the
// test ends, if it was not before.
func launch(t *testing.T, o Options) *server {
	t.Helper()
	s := begin(t, o)
	s.conn = dial(t, s.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	eventually(t, "the server is ready", func() bool { return s.get(t, "/-/ready").status == http.StatusOK })
	return s
}

// begin starts a server and returns when it listens.
func begin(t *testing.T, o Options) *server {
	t.Helper()
	if o.StoragePath == "" {
		o.StoragePath = t.TempDir()
	}
	s := &server{dir: o.StoragePath, log: &logText{}}
	o.WebAddress, o.GRPCAddress, o.Log = "127.0.0.1:0", "127.0.0.1:0", s.log
	return s.run(t, &o, func(ctx context.Context) error { return Run(ctx, o) })
}

// run calls main in the background until the test ends or end is called.
func (s *server) run(t *testing.T, o *Options, main func(context.Context) error) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan Addresses, 1), make(chan error, 1)
	o.Ready = func(a Addresses) { listening <- a }
	go func() { ended <- main(ctx) }()
	s.end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := s.end(); err != nil {
			t.Errorf("the server ended with an error: %v", err)
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", s.log)
		}
	})
	select {
	case s.Addresses = <-listening:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the server did not start: %v", err)
	}
	return s
}

func dial(t *testing.T, address string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (s *server) alerts() pb.AlertServiceClient { return pb.NewAlertServiceClient(s.conn) }
func (s *server) ingest() pb.IngestServiceClient {
	return pb.NewIngestServiceClient(s.conn)
}
func (s *server) query() pb.QueryServiceClient { return pb.NewQueryServiceClient(s.conn) }

// answered is an HTTP answer.
type answered struct {
	status int
	header http.Header
	body   string
}

func (s *server) get(t *testing.T, path string) answered {
	t.Helper()
	return s.do(t, http.MethodGet, path, "", nil)
}

func (s *server) post(t *testing.T, path, body string) answered {
	t.Helper()
	return s.do(t, http.MethodPost, path, body, map[string]string{"Content-Type": "application/json"})
}

func (s *server) do(t *testing.T, method, path, body string, header map[string]string) answered {
	t.Helper()
	r, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	return ask(t, http.DefaultClient, r)
}

func ask(t *testing.T, c *http.Client, r *http.Request) answered {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(data)}
}

// eventually asks until the answer is yes, or fails when patience is over.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	eventuallyWithin(t, patience, what, yes)
}

func eventuallyWithin(t *testing.T, limit time.Duration, what string, yes func() bool) {
	t.Helper()
	end := time.NewTimer(limit)
	defer end.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !yes() {
		select {
		case <-end.C:
			t.Fatalf("after %s not true yet: %s", limit, what)
		case <-again.C:
		}
	}
}

// timed returns a context that ends when patience does.
func timed(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// logText collects the log of a server.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// unhealthy is an event of one monitor of one service.
func unhealthy(id, service string) *pb.Event {
	now := timestamppb.Now()
	return &pb.Event{
		Id: id, Source: "test", Monitor: "errors of " + service, Status: pb.Status_STATUS_UNHEALTHY, Priority: pb.Priority_PRIORITY_HIGH,
		Since: now, ObservedAt: now, Labels: map[string]string{"service": service}, Message: service + " fails",
	}
}

func healthy(id, service string) *pb.Event {
	e := unhealthy(id, service)
	e.Status, e.Message = pb.Status_STATUS_HEALTHY, service+" is well"
	return e
}

func (s *server) send(t *testing.T, events ...*pb.Event) *pb.SendEventsResponse {
	t.Helper()
	r, err := s.alerts().SendEvents(timed(t), &pb.SendEventsRequest{Events: events})
	if err != nil {
		t.Fatalf("cannot send events: %v", err)
	}
	return r
}

// groups lists every group.
func (s *server) groups(t *testing.T) []*pb.Group {
	t.Helper()
	r, err := s.alerts().ListGroups(timed(t), &pb.ListGroupsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Groups
}

// childEnv makes the test binary a server on this storage path instead of a
// test; see TestKilledServerKeepsWhatItAcknowledged.
const childEnv = "BELLWETHER_TEST_SERVE"

func TestMain(m *testing.M) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	err := Run(context.Background(), Options{
		StoragePath: dir, WebAddress: "127.0.0.1:0", GRPCAddress: "127.0.0.1:0",
		Ready: func(a Addresses) { fmt.Println(a.HTTP, a.GRPC) },
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// writeFile writes a file of a test and returns its path.
func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func stampOf(ms int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMilli(ms)) }

func seconds(n int) *durationpb.Duration { return durationpb.New(time.Duration(n) * time.Second) }
