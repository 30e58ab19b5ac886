package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/sim"
)

// lived is a demo whose history is in and whose company stands still, so that
// its answers can be compared.
type lived struct {
	*demo
	http http.Handler
}

func relive(t *testing.T, seed uint64, history time.Duration) *lived {
	t.Helper()
	log := &logText{}
	o := DemoOptions{Seed: seed, At: time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC), Scenario: shortStory(history)}
	o.WebAddress, o.GRPCAddress, o.Log, o.StoragePath = "127.0.0.1:0", "127.0.0.1:0", log, t.TempDir()
	o.fillDefaults()
	d, err := newDemo(o, o.StoragePath)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := d.relive(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d: %d samples of %d series in %s", seed, d.samples, len(d.series), time.Since(began).Round(time.Millisecond))
	faces, err := d.w.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		faces.stop()
		_ = faces.httpL.Close() // Never served.
		_ = faces.grpcL.Close()
		if err := d.w.close(); err != nil {
			t.Errorf("close: %v\n%s", err, log)
		}
	})
	return &lived{d, faces.http.Handler}
}

// ask returns the answer of REST.
func (l *lived) ask(t *testing.T, method, path, body string) string {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	l.http.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

func (l *lived) into(t *testing.T, method, path, body string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(l.ask(t, method, path, body)), v); err != nil {
		t.Fatal(err)
	}
}

// What may differ between two runs: ids that name a place in an alert log, the
// time a search took, whether the log receiver has finished, spaces that
// protojson varies on purpose.
var varying = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[a-z]{0,2}[0-9a-f]{8}-\d+-\d+\b`), "PLACE"},
	{regexp.MustCompile(`"wall_us":\s*"\d+"`), `"wall_us":"-"`},
	{regexp.MustCompile(`\b(record|seq|took|in) [0-9.]+ ?(ms|µs|s)?\b`), "$1 -"},
	{regexp.MustCompile(`"delivery":\s*"\w+"`), `"delivery":"-"`},
	{regexp.MustCompile(`":\s+`), `":`},
	{regexp.MustCompile(`,\s+"`), `,"`},
}

// answers collects what the page shows.
func (l *lived) answers(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	get := func(path string) { out["GET "+path] = l.ask(t, http.MethodGet, path, "") }
	var anomalies struct{ Anomalies []struct{ ID string } }
	l.into(t, http.MethodGet, "/v1/anomalies?limit=200", "", &anomalies)
	for _, path := range []string{"/v1/groups", "/v1/anomalies?limit=200", "/v1/canaries"} {
		get(path)
	}
	for _, a := range anomalies.Anomalies {
		get("/v1/explain/" + a.ID)
	}
	var canaries struct{ Analyses []struct{ ID string } }
	l.into(t, http.MethodGet, "/v1/canaries", "", &canaries)
	for _, c := range canaries.Analyses {
		get("/v1/explain/" + c.ID)
	}
	var groups struct{ Groups []struct{ ID string } }
	l.into(t, http.MethodGet, "/v1/groups", "", &groups)
	for i, g := range groups.Groups {
		out[fmt.Sprint("group ", i)] = l.ask(t, http.MethodGet, "/v1/groups/"+g.ID, "")
	}
	out["suspects"] = l.ask(t, http.MethodPost, "/v1/correlate:suspects", l.question())
	for k, v := range out {
		for _, r := range varying {
			v = r.re.ReplaceAllString(v, r.with)
		}
		out[k] = v
	}
	return out
}

// question asks whom to blame for the incident.
func (l *lived) question() string {
	start := l.company.Truth().Incidents[0].Start
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	return fmt.Sprintf(`{"incident":{"start":%q,"end":%q},"k":5}`, at(start), at(l.company.Now()))
}

// The same seed and instant give the same story, to the byte; another seed
// gives another.
func TestDemoIsDeterministic(t *testing.T) {
	t.Parallel()
	const history = 6 * time.Hour
	first, second, other := relive(t, 7, history).answers(t), relive(t, 7, history).answers(t), relive(t, 8, history).answers(t)
	if a, b := slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second)); !slices.Equal(a, b) {
		t.Errorf("questions differ (-first +second):\n%s", cmp.Diff(a, b))
	}
	for _, k := range slices.Sorted(maps.Keys(first)) {
		if first[k] != second[k] {
			t.Errorf("%s differs (-first +second):\n%.3000s", k, cmp.Diff(first[k], second[k]))
		}
	}
	if len(first) < 8 {
		t.Errorf("only %d answers were compared", len(first))
	}
	if first["GET /v1/anomalies?limit=200"] == other["GET /v1/anomalies?limit=200"] {
		t.Error("another seed gave the same anomalies")
	}
}

// What the demo shows is held against what really happens in the company.
func TestDemoTellsTheTruth(t *testing.T) {
	t.Parallel()
	// Not 24 h: at the very step where a day is full the detector's seasonal
	// member joins, and opens a spike on each of the six count-downs.
	l := relive(t, 1, 30*time.Hour)
	truth := l.company.Truth()
	if ahead := l.w.pipeline.Now().Sub(l.o.At); ahead < 0 || ahead > patience {
		t.Errorf("the clock is %s ahead of the demo's present", ahead)
	}
	var canaries struct {
		Analyses []struct {
			Spec   struct{ Name, Canary string }
			Result struct {
				Word string `json:"verdict_word"`
			}
		}
	}
	l.into(t, http.MethodGet, "/v1/canaries", "", &canaries)
	if c := canaries.Analyses; len(c) != 1 || c[0].Result.Word != "FAIL" || !strings.Contains(c[0].Spec.Canary, culprit(truth, "canary").Entity) {
		t.Errorf("canary runs %+v; want one that fails, of %s", c, culprit(truth, "canary").Entity)
	}
	var slos struct {
		Objectives []struct{ Name, Verdict string }
	}
	l.into(t, http.MethodGet, "/v1/slos", "", &slos)
	burning := 0
	for _, o := range slos.Objectives {
		if strings.HasSuffix(o.Verdict, "BURNING_FAST") {
			burning++
			t.Logf("burning: %s", o.Name)
		}
	}
	if burning == 0 || burning > len(truth.Incidents[0].Spread)+len(truth.Incidents[1].Spread)+2 {
		t.Errorf("%d objectives of %d burn fast", burning, len(slos.Objectives))
	}
	var suspects struct{ Suspects []struct{ Entity string } }
	l.into(t, http.MethodPost, "/v1/correlate:suspects", l.question(), &suspects)
	blamed := ""
	for _, s := range suspects.Suspects[:min(3, len(suspects.Suspects))] {
		blamed += s.Entity + " "
	}
	if pool := culprit(truth, "pool").Entity; !strings.Contains(blamed, strings.TrimSuffix(pool, "-db")) {
		t.Errorf("the first three suspects are %q; the pool of %s is at fault", blamed, pool)
	}
	t.Logf("suspects: %s", blamed)
	oneGroup(t, l)
	decoys(t, l, truth)
}

func culprit(truth sim.Truth, kind string) sim.Culprit {
	for _, in := range truth.Incidents {
		if in.Kind == kind {
			return in.Culprit
		}
	}
	return sim.Culprit{}
}

// oneGroup checks that the incident is one problem.
func oneGroup(t *testing.T, l *lived) {
	t.Helper()
	var groups struct {
		Groups []struct {
			Status  string
			Members int
			Closed  *string
		}
	}
	l.into(t, http.MethodGet, "/v1/groups", "", &groups)
	open := 0
	for _, g := range groups.Groups {
		if g.Closed == nil {
			open++
			t.Logf("a group of %d", g.Members)
			if g.Members < 10 || g.Status != "STATUS_UNHEALTHY" {
				t.Errorf("group %+v; want one unhealthy of ten or more", g)
			}
		}
	}
	if open != 1 {
		t.Errorf("%d open groups, want one: %+v", open, groups.Groups)
	}
}

// decoys counts the open anomalies that stand on series which move for reasons
// of their own; an anomaly that shows the incident must be among the rest.
func decoys(t *testing.T, l *lived, truth sim.Truth) {
	t.Helper()
	why, shows := map[string]string{}, map[string]bool{}
	for _, d := range truth.Decoys {
		why[l.series[d.Index].Labels.String()] = d.Why
	}
	for _, in := range truth.Incidents {
		for _, s := range in.Series {
			shows[l.series[s.Index].Labels.String()] = true
		}
	}
	var anomalies struct {
		Anomalies []struct {
			ID     string
			Labels map[string]string
			End    *string
		}
	}
	l.into(t, http.MethodGet, "/v1/anomalies?limit=1000", "", &anomalies)
	open, fooled, hits := 0, 0, 0
	for _, a := range anomalies.Anomalies {
		if a.End != nil {
			continue
		}
		open++
		delete(a.Labels, "view")
		name := labels.FromMap(a.Labels).String()
		if shows[name] {
			hits++
		} else if why[name] != "" {
			fooled++
			t.Logf("open on a decoy: %s: %s\n%s", name, why[name], l.ask(t, http.MethodGet, "/v1/explain/"+a.ID, ""))
		} else {
			t.Logf("open on neither: %s", name)
		}
	}
	t.Logf("%d anomalies open: %d show the incident, %d stand on decoys (of %d)", open, hits, fooled, len(truth.Decoys))
	if hits < 5 {
		t.Errorf("only %d open anomalies show the incident", hits)
	}
	if fooled > max(3, open/4) {
		t.Errorf("%d of %d open anomalies stand on decoys", fooled, open)
	}
}
