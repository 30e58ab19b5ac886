package kayenta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// site is a service over a store of its own, with a clock the test sets.
type site struct {
	*Service
	url   string
	dir   string
	store *tsdb.Store
	clock *atomic.Int64
}

// t0 is the start of every window here.
const t0 = int64(1_760_000_000_000) / 60_000 * 60_000

func newSite(t *testing.T) *site {
	t.Helper()
	store, err := tsdb.Open(tsdb.Options{Dir: t.TempDir(), Retention: 100 * 365 * 24 * time.Hour, OutOfOrderWindow: 48 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &site{store: store, dir: t.TempDir(), clock: new(atomic.Int64)}
	s.clock.Store(t0 + 3_600_000)
	s.open(t)
	return s
}

// open starts the service on what the directory holds.
func (s *site) open(t *testing.T) {
	t.Helper()
	svc, err := Open(Options{Store: s.store, Dir: s.dir, Now: func() time.Time { return time.UnixMilli(s.clock.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	svc.Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s.Service, s.url = svc, srv.URL
}

// fill writes a sample a minute of a series over [from, from+n minutes).
func (s *site) fill(t *testing.T, from int64, n int, value func(i int) float64, pairs ...string) {
	t.Helper()
	one := tsdb.Series{Labels: labels.FromStrings(pairs...)}
	for i := range n {
		one.Samples = append(one.Samples, metric.Sample{T: from + int64(i)*60_000, V: value(i)})
	}
	res, err := s.store.Append(context.Background(), []tsdb.Series{one})
	if err != nil {
		t.Fatal(err, res)
	}
}

// level is noise around a mean, from a seed.
func level(mean float64, seed uint64) func(int) float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func(int) float64 { return mean + rng.NormFloat64() }
}

// ask sends a request and returns status and body.
func (s *site) ask(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, data
}

// must asks, wants 200 and reads the answer.
func (s *site) must(t *testing.T, method, path, body string, into any) {
	t.Helper()
	code, data := s.ask(t, method, path, body)
	if code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, code, data)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
}

// configOf is a canary config of one metric, latency by track.
func configOf(judge, settings string) string {
	return fmt.Sprintf(`{"name":"checkout","applications":["shop"],"configVersion":"1","description":"d","x-ours":{"kept":[1,2]},
		"judge":{"name":%q,"judgeConfigurations":{}},
		"metrics":[{"name":"latency","groups":["l"],"scopeName":"default","analysisConfigurations":{"canary":%s},
			"query":{"type":"prometheus","serviceType":"prometheus","customInlineTemplate":"PromQL:avg(latency{track=\"${scope}\",zone=\"${location}\"})"}}],
		"templates":{},"classifier":{"groupWeights":{"l":100}}}`, judge, settings)
}

// requestOf is the body Argo sends.
func requestOf(control, experiment string, minutes int) string {
	one := func(scope string) string {
		return fmt.Sprintf(`{"scope":%q,"location":"eu","step":60,"start":%q,"end":%q}`, scope, iso(t0), iso(t0+int64(minutes)*60_000))
	}
	return fmt.Sprintf(`{"scopes":{"default":{"controlScope":%s,"experimentScope":%s}},"thresholds":{"pass":90,"marginal":75}}`, one(control), one(experiment))
}

// shop fills an hour of three tracks: good is like stable, bad is not.
func (s *site) shop(t *testing.T) {
	t.Helper()
	for track, mean := range map[string]float64{"stable": 10, "good": 10, "bad": 20} {
		s.fill(t, t0, 61, level(mean, uint64(len(track))), "__name__", "latency", "track", track, "zone", "eu")
	}
}

// verdict runs the whole of Argo's sequence against a config name and returns
// the score.
func (s *site) verdict(t *testing.T, control, experiment string) float64 {
	t.Helper()
	var list []struct {
		ID                  string
		Name                string
		UpdatedTimestamp    int
		UpdatedTimestampIso string
		Applications        []string
	}
	s.must(t, "GET", "/canaryConfig?application=shop&configurationAccountName=", "", &list)
	if len(list) != 1 || list[0].Name != "checkout" || list[0].ID == "" || list[0].UpdatedTimestamp == 0 {
		t.Fatalf("configs %+v", list)
	}
	var job map[string]any
	s.must(t, "POST", "/canary/"+list[0].ID+"?application=shop&metricsAccountName=prom&configurationAccountName=&storageAccountName=", requestOf(control, experiment, 60), &job)
	id := fmt.Sprint(job["canaryExecutionId"])
	var before, after map[string]any
	s.must(t, "GET", "/canary/"+id, "", &before)
	if before["complete"] != false || before["status"] != "not_started" || before["result"] != nil {
		t.Fatalf("before it ran: %v", before)
	}
	s.Drain(context.Background())
	s.must(t, "GET", "/canary/"+id, "", &after)
	if after["complete"] != true || after["status"] != "succeeded" {
		t.Fatalf("after it ran: %v", after)
	}
	score, ok := after["result"].(map[string]any)["judgeResult"].(map[string]any)["score"].(map[string]any)["score"].(float64)
	if !ok {
		t.Fatalf("no score in %v", after)
	}
	return score
}

func (s *site) create(t *testing.T, body string) string {
	t.Helper()
	var made map[string]string
	s.must(t, "POST", "/canaryConfig", body, &made)
	return made["canaryConfigId"]
}

func TestArgoSequence(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	s.create(t, configOf("NetflixACAJudge-v1.0", `{"direction":"increase","critical":true}`))
	for _, c := range []struct {
		experiment string
		want       float64
	}{{"good", 100}, {"bad", 0}, {"absent", 0}} {
		if got := s.verdict(t, "stable", c.experiment); got != c.want {
			t.Errorf("%s scored %v, want %v", c.experiment, got, c.want)
		}
	}
}

func TestNativeJudge(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	// The day before, all three tracks ran the same version.
	load := level(0, 99)
	shared := make([]float64, 24*60)
	for i := range shared {
		shared[i] = load(i)
	}
	for k, track := range []string{"stable", "good", "bad"} {
		noise := level(10, uint64(k))
		s.fill(t, t0-24*3_600_000, 24*60, func(i int) float64 { return shared[i] + noise(i)/4 + 7.5 }, "__name__", "latency", "track", track, "zone", "eu")
	}
	s.create(t, configOf("Bellwether-native", `{"direction":"increase","critical":true,"effectSize":{"allowedIncrease":1.3}}`))
	if got := s.verdict(t, "stable", "bad"); got != 0 {
		t.Errorf("a bad canary scored %v", got)
	}
	if got := s.verdict(t, "stable", "absent"); got != 0 {
		t.Errorf("a silent canary scored %v", got)
	}
	if got := s.verdict(t, "stable", "good"); got != 100 {
		t.Errorf("a good canary scored %v", got)
	}
	// The same series twice shows nothing, whatever it equals.
	if got := s.verdict(t, "stable", "stable"); got != 82 {
		t.Errorf("both sides the same scored %v, want between the thresholds", got)
	}
	res, err := s.store.Query(context.Background(), `bellwether_kayenta_score{application="shop",config="checkout",judge="Bellwether-native"}`, s.clock.Load())
	if err != nil || len(res.Vector) != 1 {
		t.Errorf("the score as a series: %+v, %v", res, err)
	}
}

// A window whose end has not come is judged up to now: the rest is not missing.
func TestGridUntilNow(t *testing.T) {
	f := fetched{grid: nothing(61), first: t0, step: 60_000}
	for now, want := range map[int64]int{t0 - 1: 0, t0: 1, t0 + 59_999: 1, t0 + 60_000: 2, t0 + 3_600_000: 61, t0 + 36_000_000: 61} {
		if got := len(f.until(now)); got != want {
			t.Errorf("until %d ms after the start: %d samples, want %d", now-t0, got, want)
		}
	}
}

// What Orca's client reads must be there, and of its type: it has no optional
// score, application or stats.
func TestOrcaReads(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	id := s.create(t, configOf("", `{"direction":"increase"}`))
	body := fmt.Sprintf(`{"scopes":{"default":{"controlScope":{"scope":"stable","location":"eu","start":%q,"end":%q,"step":60,"extendedScopeParams":{"x":null}},
		"experimentScope":{"scope":"bad","location":"eu","start":%q,"end":%q,"step":60,"extendedScopeParams":{}}}},
		"thresholds":{"pass":90,"marginal":75},"siteLocal":{}}`, iso(t0), iso(t0+1_800_000), iso(t0), iso(t0+1_800_000))
	var job struct{ CanaryExecutionID string }
	s.must(t, "POST", "/canary/"+id+"?application=shop&parentPipelineExecutionId=01PARENT&metricsAccountName=prom&configurationAccountName=c&storageAccountName=st", body, &job)
	s.Drain(context.Background())
	var got struct {
		Complete                                  *bool
		Status, Application, StorageAccountName   string
		BuildTimeIso, StartTimeIso, EndTimeIso    time.Time
		BuildTimeMillis, EndTimeMillis            int64
		ParentPipelineExecutionID, CanaryConfigID string
		MetricSetPairListID, PipelineID           string
		StageStatus                               map[string]string
		CanaryExecutionRequest                    json.RawMessage
		Config                                    json.RawMessage
		Result                                    struct {
			CanaryDuration string
			JudgeResult    struct {
				JudgeName string
				Score     struct {
					Score                                *float64
					Classification, ClassificationReason *string
				}
				Results []struct {
					Name, Classification string
					ControlMetadata      struct {
						Stats struct{ Count *int }
					}
				}
			}
		}
	}
	s.must(t, "GET", "/canary/"+job.CanaryExecutionID+"?storageAccountName=st", "", &got)
	jr := got.Result.JudgeResult
	if got.Complete == nil || !*got.Complete || got.Status != "succeeded" || got.Application != "shop" || got.StorageAccountName != "st" ||
		got.Result.CanaryDuration != "PT30M" || jr.Score.Score == nil || *jr.Score.Score != 0 || *jr.Score.Classification != "Fail" || jr.Score.ClassificationReason == nil ||
		len(jr.Results) != 1 || jr.Results[0].Classification != "High" || *jr.Results[0].ControlMetadata.Stats.Count != 31 || jr.JudgeName != "NetflixACAJudge-v1.0" {
		t.Errorf("Orca reads %+v", got)
	}
	for stage, st := range map[string]string{"setupContext": "succeeded", "fetchControl0": "succeeded", "fetchExperiment0": "succeeded", "mixMetrics": "succeeded", "judge": "succeeded"} {
		if got.StageStatus[stage] != st {
			t.Errorf("stage %s is %q, want %q", stage, got.StageStatus[stage], st)
		}
	}
	var pairs []struct {
		ID     string
		Values map[string][]float64
		Scopes map[string]struct{ StartTimeMillis, StepMillis int64 }
	}
	s.must(t, "GET", "/metricSetPairList/"+got.MetricSetPairListID, "", &pairs)
	if len(pairs) != 1 || len(pairs[0].Values["control"]) != 31 || pairs[0].Scopes["control"].StartTimeMillis != t0 || pairs[0].Scopes["control"].StepMillis != 60_000 {
		t.Errorf("pairs %+v", pairs)
	}
	s.must(t, "GET", "/metricSetPairList/"+got.MetricSetPairListID+"/"+pairs[0].ID, "", nil)
	if code, data := s.ask(t, "GET", "/canary/"+job.CanaryExecutionID+"/trace", ""); code != 200 || !bytes.Contains(data, []byte(`latency is High`)) || !bytes.Contains(data, []byte(`avg(latency{track="bad",zone="eu"})`)) {
		t.Errorf("trace: %d %s", code, data)
	}
	var creds []struct{ Name, Type string }
	s.must(t, "GET", "/credentials", "", &creds)
	if len(creds) == 0 || creds[0].Type != "prometheus" {
		t.Errorf("credentials %+v", creds)
	}
	if code, data := s.ask(t, "PUT", "/pipelines/"+job.CanaryExecutionID+"/cancel", ""); code != http.StatusAccepted || string(data) != "{}" {
		t.Errorf("cancel of a complete one: %d %s", code, data)
	}
	if code, _ := s.ask(t, "PUT", "/pipelines/none/cancel", ""); code != http.StatusNotFound {
		t.Errorf("cancel of an unknown one: %d", code)
	}
}
