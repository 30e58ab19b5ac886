package ingest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// eventually waits for what other goroutines bring about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
		time.Sleep(10 * time.Millisecond) // Real sockets have no virtual time.
	}
}

// latest evaluates an expression now; NaN-free tests use -1 for no value.
func latest(t testing.TB, s *tsdb.Store, expr string) float64 {
	t.Helper()
	r, err := s.Query(context.Background(), expr, time.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Vector) != 1 {
		return -1
	}
	return r.Vector[0].V
}

// run starts f and returns a function that stops it and checks its end.
func run(t testing.TB, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("does not stop")
		}
	}
	t.Cleanup(stop)
	return stop
}

func host(srv *httptest.Server) string { return strings.TrimPrefix(srv.URL, "http://") }

func TestScrape(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/sd":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `[{"targets":[%q],"labels":{"found":"http"}}]`, r.Host)
		case "/many":
			for i := range 10 {
				fmt.Fprintf(w, "m{i=\"%d\"} 1\n", i)
			}
		default:
			fmt.Fprint(w, "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 7\n# TYPE temp gauge\ntemp{room=\"1\"} 21.5\nblocked_metric 1\n")
		}
	}))
	defer target.Close()
	reg := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native_seconds", NativeHistogramBucketFactor: 1.1})
	reg.MustRegister(h)
	h.Observe(0.3)
	native := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	defer native.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "targets.json"), fmt.Appendf(nil, `[{"targets":[%q],"labels":{"found":"file"}}]`, host(target)), 0o644); err != nil {
		t.Fatal(err)
	}
	sink, store := newSink(t, tsdb.Options{}, SinkOptions{})
	ms, err := parseMatchers("blocked_metric")
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Block("test", ms); err != nil {
		t.Fatal(err)
	}
	s, err := NewScraper(sink, ScraperOptions{Dir: dir, Config: fmt.Appendf(nil, `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: static
  static_configs: [{targets: [%[1]q], labels: {found: static}}]
- job_name: file
  file_sd_configs: [{files: [targets.json]}]
- job_name: http
  http_sd_configs: [{url: "%[2]s/sd"}]
- job_name: limited
  sample_limit: 5
  metrics_path: /many
  static_configs: [{targets: [%[1]q]}]
- job_name: down
  static_configs: [{targets: ["127.0.0.1:1"]}]
- job_name: native
  scrape_native_histograms: true
  static_configs: [{targets: [%[3]q]}]
`, host(target), target.URL, host(native))})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s.Run)
	for job, up := range map[string]float64{"static": 1, "file": 1, "http": 1, "limited": 0, "down": 0, "native": 1} {
		eventually(t, "up of "+job, func() bool { return latest(t, store, fmt.Sprintf("up{job=%q}", job)) == up })
		if up == 1 && job != "native" && latest(t, store, fmt.Sprintf("jobs_total{job=%q,found=%q}", job, job)) != 7 {
			t.Errorf("%s: no sample", job)
		}
	}
	if got := latest(t, store, "histogram_count(native_seconds)"); got != 1 {
		t.Errorf("the native histogram counts %v", got)
	}
	if got := latest(t, store, "count({i!=''})"); got != -1 {
		t.Errorf("%v series over the sample limit were stored", got)
	}
	if got := latest(t, store, "count(blocked_metric)"); got != -1 {
		t.Errorf("%v blocked series were stored", got)
	}
	r, err := store.Query(context.Background(), `jobs_total{job="static"}`, time.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := store.Ref(r.Vector[0].Labels)
	if m, _ := store.SeriesMeta(ref); m.Kind != tsdb.KindCounter || m.Guessed || m.Help != "Jobs done." {
		t.Errorf("metadata %+v", m)
	}
	targets := map[string]Target{}
	for _, one := range s.Targets() {
		targets[one.Job] = one
	}
	if len(targets) != 6 || targets["static"].Health != "up" || targets["static"].LastScrape == 0 || targets["down"].LastError == "" || !strings.Contains(targets["limited"].LastError, "sample limit") {
		t.Errorf("targets %+v", targets)
	}

	if err := s.Reload([]byte("scrape_configs: [{job_name: x, unknown: 1}]")); err == nil {
		t.Error("a broken configuration was taken")
	}
	if err := s.Reload(fmt.Appendf(nil, `
scrape_configs:
- job_name: other
  scrape_interval: 1s
  scrape_timeout: 1s
  static_configs: [{targets: [%q]}]
- job_name: static # Lost its only target.
  scrape_interval: 1s
  scrape_timeout: 1s
`, host(target))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new job is up", func() bool { return latest(t, store, `up{job="other"}`) == 1 })
	eventually(t, "the target that went is stale", func() bool { return latest(t, store, `up{job="static"}`) == -1 })
	stop()
	if a := sink.Accounting(); a.Refused[tsdb.ReasonBlocked] == 0 || a.Appended == 0 {
		t.Errorf("%+v", a)
	}
}

func TestScrapeConfigErrors(t *testing.T) {
	sink, _ := newSink(t, tsdb.Options{}, SinkOptions{})
	f := func(config string, say ...string) {
		t.Helper()
		_, err := NewScraper(sink, ScraperOptions{Config: []byte(config)})
		for _, s := range say {
			if err == nil || !strings.Contains(err.Error(), s) {
				t.Errorf("%s: got %v, want %q", config, err, s)
			}
		}
	}
	f("scrape_configs: [{job_name: a}, {job_name: a}]", "cannot read the scrape configuration", "multiple scrape configs")
	f("nonsense: 1", "nonsense")
	f("scrape_configs: [{job_name: a, scrape_interval: 1s, scrape_timeout: 2s}]", "timeout")
	f("rule_files: [x.yml]\nremote_write: [{url: 'http://x'}]", "cannot use section rule_files", "cannot use section remote_write")
	f("scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod}]}]", "kubernetes_sd_configs")
}
