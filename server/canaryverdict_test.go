package server

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// What a pipeline does over REST: the same request again and again until the
// verdict is final, over a restart too; and what it reads from the Prometheus
// endpoint meanwhile.
func TestVerdictByKey(t *testing.T) {
	o := Options{StoragePath: t.TempDir()}
	s := launch(t, o)
	start := time.Now().Add(-time.Hour).Truncate(time.Minute)
	for track, level := range map[string]float64{"stable": 0.2, "canary": 0.3} {
		one := &pb.Series{Labels: map[string]string{"__name__": "latency", "service": "cart", "track": track}}
		for i := range 61 {
			one.Samples = append(one.Samples, &pb.Sample{TimestampMs: start.UnixMilli() + int64(i)*60_000, Value: level + 0.01*math.Sin(float64(i*i)+100*level)})
		}
		s.push(t, one)
	}
	body := func(more string) string {
		return fmt.Sprintf(`{"key":"rs-abc123","spec":{"service":"cart","baseline":"track=\"stable\"","canary":"track=\"canary\"","start":%q,"max_duration":"3000s"%s,
			"metrics":[{"name":"latency","query":"avg(latency{$side})","direction":"BAD_DIRECTION_INCREASE","min_effect":0.02}]}}`, start.UTC().Format(time.RFC3339), more)
	}
	type verdict struct {
		ID, Name, Verdict, Reason, State, Report string
		Final                                    bool
	}
	ask := func(body string) (verdict, answered) {
		t.Helper()
		began := time.Now()
		got := s.do(t, "POST", "/v1/verdicts", body, nil)
		if took := time.Since(began); took > 10*time.Second { // A second on an idle machine; tests share theirs.
			t.Errorf("an answer took %s", took)
		}
		var v verdict
		if err := json.Unmarshal([]byte(got.body), &v); err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		return v, got
	}
	first, got := ask(body(""))
	if got.status != http.StatusOK || first.ID == "" || first.Verdict == "" || first.Reason == "" || first.Report != "/v1/canaries/"+first.ID+"/report" {
		t.Fatalf("first: %d %s", got.status, got.body)
	}
	eventually(t, "the verdict is final", func() bool { v, _ := ask(body("")); return v.Final })
	last, _ := ask(body(""))
	if last.ID != first.ID || last.Verdict != "FAIL" || last.State != "done" || !strings.Contains(last.Reason, "latency") {
		t.Errorf("last: %+v", last)
	}
	if _, got := ask(body(`,"warmup":"60s"`)); got.status != http.StatusConflict || !strings.Contains(got.body, "another warmup") {
		t.Errorf("another spec under the key: %d %s", got.status, got.body)
	}
	if _, got := ask(`{"key":"k","spec":{"canary":"track=\"canary\"","previous":"last"}}`); got.status != http.StatusBadRequest || !strings.Contains(got.body, "no run of that name has passed") {
		t.Errorf("a spec with a fault: %d %s", got.status, got.body)
	}
	if _, got := ask(`{"spec":{}}`); got.status != http.StatusBadRequest {
		t.Errorf("no key: %d %s", got.status, got.body)
	}
	if got := s.get(t, "/v1/verdicts/ca-0"); got.status != http.StatusNotFound {
		t.Errorf("no run: %d %s", got.status, got.body)
	}
	eventually(t, "its series is there", func() bool {
		return strings.Contains(s.get(t, "/api/v1/query?query=canary_verdict%7Bkey=%22rs-abc123%22%7D").body, `"-1"]`)
	})
	if got := s.get(t, "/v1/canaries?name=cart&state=ANALYSIS_STATE_DONE"); !strings.Contains(got.body, first.ID) {
		t.Errorf("listed by name and state: %s", got.body)
	}
	if got := s.get(t, "/v1/canaries?name=cart&state=ANALYSIS_STATE_RUNNING"); strings.Contains(got.body, first.ID) {
		t.Errorf("listed as running: %s", got.body)
	}
	stopped(t, s)
	s = launch(t, o)
	again, _ := ask(body(""))
	if again != last {
		t.Errorf("after a restart: %+v, before %+v", again, last)
	}
	whole := s.get(t, "/v1/canaries/"+first.ID).body
	for _, want := range []string{`"verdict_word":"FAIL"`, `"baseline_preview":[`, `"limiting_metric":"latency"`, `"channels":[`, `"key":"rs-abc123"`, `"digest":"`} {
		if !strings.Contains(strings.ReplaceAll(whole, `": `, `":`), want) {
			t.Errorf("%s is not in the run after a restart: %.400s", want, whole)
		}
	}
}
