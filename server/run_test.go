package server

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/prompb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// A server with no configuration answers at every door.
func TestRunAnswers(t *testing.T) {
	s := launch(t, Options{Version: "v9.9.9"})
	for path, want := range map[string]string{
		"/-/healthy":                    "Bellwether is healthy.",
		"/-/ready":                      "Bellwether is ready.",
		"/metrics":                      `bellwether_build_info{version="v9.9.9"} 1`,
		"/openapi.json":                 `"/v1/groups"`,
		"/":                             `<div id="app">`,
		"/group/gr-1":                   `<div id="app">`, // Every view of the page is a URL.
		"/api/v1/status/buildinfo":      `"application":"bellwether"`,
		"/v1/groups":                    `{"groups":[]}`,
		"/v1/detect/coverage":           `"not_watched"`, // The contract's own names, not camel case.
		"/v1/ingest/accounting":         `"balanced":true`,
		"/api/v1/query?query=vector(1)": `"status":"success"`,
	} {
		if got := s.get(t, path); got.status != http.StatusOK || !strings.Contains(strings.ReplaceAll(got.body, `": `, `":`), want) {
			t.Errorf("GET %s: %d %.300s; want it to contain %s", path, got.status, got.body, want)
		}
	}
	if got := s.get(t, "/v1/no-such-thing"); got.status != http.StatusNotFound {
		t.Errorf("GET of an unknown path: %d", got.status)
	}
	h, err := grpc_health_v1.NewHealthClient(s.conn).Check(timed(t), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || h.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("gRPC health: %v, %v", h, err)
	}
	if got := reflected(t, s.conn); !strings.Contains(got, "bellwether.v1.AlertService") || !strings.Contains(got, "bellwether.v1.QueryService") {
		t.Errorf("gRPC reflection lists %s", got)
	}
}

// reflected lists the services that reflection names.
func reflected(t *testing.T, conn *grpc.ClientConn) string {
	t.Helper()
	stream, err := grpc_reflection_v1.NewServerReflectionClient(conn).ServerReflectionInfo(timed(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	r, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return r.GetListServicesResponse().String()
}

// What is pushed by gRPC is read back by both query interfaces, to the bit.
func TestPushAndReadBack(t *testing.T) {
	s := launch(t, Options{})
	now := time.Now().UnixMilli()/1000*1000 - 60_000
	hist := &pb.NativeHistogram{
		TimestampMs: now, Schema: 3, ZeroThreshold: 1e-9, ZeroCount: 2, Count: 12.5, Sum: -3.25,
		PositiveSpans: []*pb.BucketSpan{{Offset: -2, Length: 2}, {Offset: 3, Length: 1}}, PositiveCounts: []float64{1, 2.5, 4},
		NegativeSpans: []*pb.BucketSpan{{Offset: 1, Length: 1}}, NegativeCounts: []float64{3},
	}
	floats := &pb.Series{Labels: map[string]string{"__name__": "queue_depth", "service": "cart", "region": "zürich"}}
	for i := range int64(4) {
		floats.Samples = append(floats.Samples, &pb.Sample{TimestampMs: now + i*10_000, Value: math.Pi * float64(i+1)})
	}
	bad := &pb.Series{Labels: map[string]string{"__name__": "bad", "x": "\xff"}, Samples: floats.Samples}
	stream, err := s.ingest().Push(timed(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*pb.Series{floats, {Labels: map[string]string{"__name__": "latency", "service": "cart"}, Histograms: []*pb.NativeHistogram{hist}}} {
		if err := stream.Send(&pb.PushRequest{Series: []*pb.Series{one}}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := stream.CloseAndRecv()
	if err != nil || r.Accepted != 5 || len(r.Refused) != 0 {
		t.Fatalf("push: %v, %v; want 5 accepted", r, err)
	}
	// The protobuf library itself refuses a string that is not UTF-8, so garbage
	// comes in by a label name.
	bad.Labels = map[string]string{"__name__": "", "service": "cart"}
	if r := s.push(t, bad); r.Accepted != 0 || len(r.Refused) != 1 || r.Refused[0].Count != 4 || r.Refused[0].Reason == "" {
		t.Errorf("a series without a name: %v; want its 4 samples refused with a reason", r)
	}

	got, err := s.query().Query(timed(t), &pb.QueryRequest{Expr: `latency`, Time: stampOf(now)})
	if err != nil || len(got.Result) != 1 {
		t.Fatalf("query: %v, %v", got, err)
	}
	if diff := cmp.Diff(hist, got.Result[0].Histograms[0], protocmp.Transform()); diff != "" {
		t.Errorf("the histogram changed on its way (-sent +read):\n%s", diff)
	}
	ranged, err := s.query().QueryRange(timed(t), &pb.QueryRangeRequest{Expr: "queue_depth", Start: stampOf(now), End: stampOf(now + 30_000), Step: seconds(10)})
	if err != nil || len(ranged.Result) != 1 {
		t.Fatalf("query range: %v, %v", ranged, err)
	}
	if diff := cmp.Diff(floats, ranged.Result[0], protocmp.Transform()); diff != "" {
		t.Errorf("the samples changed on their way (-sent +read):\n%s", diff)
	}
	http := s.get(t, "/api/v1/query_range?query=queue_depth&step=10&start="+text(now)+"&end="+text(now+30_000))
	want := `"values":[[` + text(now) + `,"3.141592653589793"],[` + text(now+10_000) + `,"6.283185307179586"]`
	if http.status != 200 || !strings.Contains(http.body, want) || !strings.Contains(http.body, "zürich") {
		t.Errorf("query_range over HTTP: %d %s; want %s", http.status, http.body, want)
	}
	if got := s.get(t, "/api/v1/query?query=sum("); got.status != 400 || !strings.Contains(got.body, `"errorType":"bad_data"`) {
		t.Errorf("a broken query: %d %s", got.status, got.body)
	}
}

func text(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }

func (s *server) push(t *testing.T, series ...*pb.Series) *pb.PushResponse {
	t.Helper()
	stream, err := s.ingest().Push(timed(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&pb.PushRequest{Series: series}); err != nil {
		t.Fatal(err)
	}
	r, err := stream.CloseAndRecv()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Remote write is taken at Prometheus's own path, and refused with a sentence
// when it is not one.
func TestRemoteWriteOverHTTP(t *testing.T) {
	s := launch(t, Options{})
	now := time.Now().UnixMilli()
	request := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "written"}, {Name: "job", Value: "x"}},
		Samples: []prompb.Sample{{Timestamp: now, Value: 42}},
	}}}
	body, err := request.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]string{"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0"}
	if got := s.do(t, http.MethodPost, "/api/v1/write", string(snappy.Encode(nil, body)), header); got.status/100 != 2 {
		t.Fatalf("remote write: %d %s", got.status, got.body)
	}
	if got := s.get(t, "/api/v1/query?query=written"); !strings.Contains(got.body, `"42"`) {
		t.Errorf("what was written is not there: %s", got.body)
	}
	if got := s.do(t, http.MethodPost, "/api/v1/write", "not snappy", header); got.status != 400 || got.body == "" {
		t.Errorf("garbage at the remote write door: %d %q; want 400 and a sentence", got.status, got.body)
	}
	if got := s.get(t, "/metrics"); !strings.Contains(got.body, `bellwether_ingest_samples_total{hop="appended"} 1`) {
		t.Errorf("/metrics does not count the sample:\n%.2000s", got.body)
	}
}

// Requests that are wrong are refused with a sentence that says what to do.
func TestBadRequests(t *testing.T) {
	config := writeFile(t, t.TempDir(), "bellwether.yml", "limits: {max_body_bytes: 65536}\n")
	s := launch(t, Options{ConfigFile: config})
	for _, c := range []struct {
		path, body string
		status     int
		say        string
	}{
		{"/v1/events", `{"events":[{"sauce":"x"}]}`, 400, "sauce"},
		{"/v1/events", `{`, 400, ""},
		{"/v1/events", `{}`, 400, "send 1 to 1000"},
		{"/v1/events", `{"events":[{"id":"a","source":"s","monitor":"m","status":"STATUS_DEGRADED"}]}`, 400, "STATUS_DEGRADED"},
		{"/v1/correlate", `{"series":"{a="}`, 400, "cannot"},
		{"/v1/canaries", `{"spec":{}}`, 400, "cannot"},
		{"/v1/groups/none:close", `{"by":"me","outcome":"known"}`, 404, "list them with"},
	} {
		if got := s.post(t, c.path, c.body); got.status != c.status || !strings.Contains(got.body, c.say) {
			t.Errorf("POST %s %s: %d %s; want %d and %q", c.path, c.body, got.status, got.body, c.status, c.say)
		}
	}
	if _, err := pb.NewDetectServiceClient(s.conn).GiveFeedback(timed(t), &pb.GiveFeedbackRequest{Id: "none"}); status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "list them with") {
		t.Errorf("feedback on what is not there: %v; want NOT_FOUND and what to do", err)
	}
	if _, err := pb.NewCorrelateServiceClient(s.conn).ListCollections(timed(t), &pb.ListCollectionsRequest{}); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "bellwether correlate FILE") {
		t.Errorf("what is not served yet: %v; want UNIMPLEMENTED and what to do instead", err)
	}
	big := unhealthy("big", "cart")
	big.Message = strings.Repeat("x", 100_000)
	if _, err := s.alerts().SendEvents(timed(t), &pb.SendEventsRequest{Events: []*pb.Event{big}}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("an oversize gRPC message: %v; want RESOURCE_EXHAUSTED", err)
	}
	if got := s.post(t, "/v1/events", `{"events":[{"message":"`+big.Message+`"}]}`); got.status/100 != 4 {
		t.Errorf("an oversize REST request: %d %.200s", got.status, got.body)
	}
	if got := s.do(t, http.MethodPost, "/api/v1/write", string(snappy.Encode(nil, bytes.Repeat([]byte("x"), 100_000))), map[string]string{"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("an oversize remote write: %d %.200s; want 413", got.status, got.body)
	}
	if got := s.do(t, http.MethodPost, "/v1/suppressions", `{}`, map[string]string{"Sec-Fetch-Site": "cross-site"}); got.status != http.StatusForbidden {
		t.Errorf("a change from another site's page: %d", got.status)
	}
	if len(s.groups(t)) != 0 {
		t.Error("a refused request left a group")
	}
}
