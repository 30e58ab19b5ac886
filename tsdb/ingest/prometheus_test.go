package ingest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"
)

// program finds a server that the test needs, or skips the test; where
// BELLWETHER_REQUIRE_SERVERS is 1, as in CI, it fails instead.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	say := fmt.Sprintf("%s is not installed; it is the Debian package %s (apt-get install %s)", name, name, name)
	if os.Getenv("BELLWETHER_REQUIRE_SERVERS") == "1" {
		t.Fatal(say)
	}
	t.Skip(say)
	return ""
}

// freeAddress returns a loopback address nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a program until the end of the test.
func start(t *testing.T, path string, args ...string) {
	t.Helper()
	cmd := exec.Command(path, args...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(path), log.String())
		}
	})
}

// realPrometheus runs a Prometheus server that scrapes itself, node_exporter
// and a target with a native histogram, and remote-writes to writeTo.
func realPrometheus(t *testing.T, writeTo string) (address string) {
	t.Helper()
	server, exporter := program(t, "prometheus"), program(t, "prometheus-node-exporter")
	reg := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "request_seconds", Help: "A native histogram.", NativeHistogramBucketFactor: 1.1})
	reg.MustRegister(h)
	for i := range 1000 {
		h.Observe(0.001 * float64(i*i%977+1))
	}
	target := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	t.Cleanup(target.Close)

	node := freeAddress(t)
	start(t, exporter, "--web.listen-address="+node, "--log.level=warn", "--collector.disable-defaults",
		"--collector.cpu", "--collector.time", "--collector.meminfo", "--collector.vmstat")
	dir := t.TempDir()
	address = freeAddress(t)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, `
global: {scrape_interval: 1s, scrape_timeout: 1s, external_labels: {cluster: test}}
scrape_configs:
- {job_name: self, static_configs: [{targets: [%q]}]}
- {job_name: node, static_configs: [{targets: [%q]}]}
- {job_name: native, static_configs: [{targets: [%q]}]}
remote_write:
- url: %s
  send_native_histograms: true
  queue_config: {batch_send_deadline: 200ms, max_samples_per_send: 500}
`, address, node, host(target), writeTo), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, server, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--enable-feature=native-histograms", "--log.level=warn")
	eventually(t, "Prometheus is ready", func() bool {
		status, _ := get("http://" + address + "/-/ready")
		return status == http.StatusOK
	})
	return address
}

func get(address string) (status int, body string) {
	resp, err := http.Get(address)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}

// A real Prometheus writes to us and, beside it, we pull from it. Both ways
// give the same samples, bit for bit, native histograms too, and our answers
// to queries are the server's own, byte for byte.
func TestRealPrometheus(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	pushed, pushedStore := newSink(t, tsdb.Options{}, SinkOptions{})
	door := httptest.NewServer(pushed.RemoteWrite())
	t.Cleanup(door.Close)
	address := realPrometheus(t, door.URL)
	eventually(t, "all targets are up at our end", func() bool { return latest(t, pushedStore, "sum(up)") == 3 })

	pulled, pulledStore := newSink(t, tsdb.Options{}, SinkOptions{})
	s, stop := startSource(t, pulled, SourceOptions{URL: "http://" + address, Step: time.Second, History: time.Hour})
	eventually(t, "polled a few times", func() bool { return s.Status().Polls >= 4 })
	// A scrape that began before until is stored by the server within its timeout
	// of one second, and asked for again until overlap is over.
	until := time.Now().UnixMilli()
	eventually(t, "all is read up to a certain instant", func() bool { return s.Status().UpTo > until+5000 })
	if st := s.Status(); st.Protocol != "remote_read_streamed" || st.Series < 500 || st.LastError != "" {
		t.Errorf("source %+v", st)
	}
	t.Run("queries", func(t *testing.T) { compareQueries(t, address, pulledStore, until) })
	stop()
	newest := func(s *tsdb.Store) float64 { return latest(t, s, "min(timestamp(up))*1000") }
	eventually(t, "all is written to us up to a certain instant", func() bool { return newest(pushedStore) > float64(until+5000) })
	t.Run("samples", func(t *testing.T) { compareSamples(t, pushedStore, pulledStore, until) })
	t.Run("native histogram", func(t *testing.T) { checkNative(t, pulledStore) })
	for name, sink := range map[string]*Sink{"remote write": pushed, "source": pulled} {
		if a := sink.Accounting(); a.Limited()+a.Failed+a.BadRequests+a.Undecodable != 0 || a.Appended < 1000 {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// compareSamples checks that what was pulled up to until was also pushed, with
// the same bits.
func compareSamples(t *testing.T, pushed, pulled *tsdb.Store, until int64) {
	type at struct {
		series string
		t      int64
	}
	got := map[at]uint64{}
	histograms := map[at]string{}
	for _, one := range stored(t, pushed) {
		name := metric.FormatSeries(one.Labels)
		for _, p := range one.Samples {
			got[at{name, p.T}] = bits(p.V)
		}
		for _, p := range one.Histograms {
			histograms[at{name, p.T}] = p.H.String()
		}
	}
	compared, comparedHistograms := 0, 0
	for _, one := range stored(t, pulled) {
		name := metric.FormatSeries(one.Labels)
		for _, p := range one.Samples {
			if p.T > until {
				continue
			}
			compared++
			if v, ok := got[at{name, p.T}]; !ok || v != bits(p.V) {
				t.Fatalf("%s at %d: pulled %v, pushed %x (%v)", name, p.T, p.V, v, ok)
			}
		}
		for _, p := range one.Histograms {
			if p.T > until {
				continue
			}
			comparedHistograms++
			if h := histograms[at{name, p.T}]; h != p.H.String() {
				t.Fatalf("%s at %d: pulled %s, pushed %s", name, p.T, p.H, h)
			}
		}
	}
	if compared < 1000 || comparedHistograms < 2 {
		t.Errorf("only %d floats and %d histograms were there to compare", compared, comparedHistograms)
	}
}

// checkNative looks for the 1000 observations the target made.
func checkNative(t *testing.T, s *tsdb.Store) {
	ms := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, "request_seconds")}
	n := 0
	for one, err := range s.Select(context.Background(), ms, 0, time.Now().UnixMilli()) {
		if err != nil {
			t.Fatal(err)
		}
		ref, _ := s.Ref(one.Labels)
		if m, _ := s.SeriesMeta(ref); m.Kind != tsdb.KindHistogram {
			t.Errorf("%s is a %s", one.Labels, m.Kind)
		}
		if one.Labels.Get("cluster") != "test" {
			t.Errorf("%s lacks the external label", one.Labels)
		}
		for _, p := range one.Histograms {
			n++
			sum := p.H.ZeroCount
			for _, c := range p.H.PositiveBuckets {
				sum += c
			}
			if p.H.Schema != 3 || p.H.Count != 1000 || sum != 1000 { // Schema 3 is the widest with factor <= 1.1 (2^(1/8)).
				t.Errorf("%s", p.H)
			}
		}
	}
	if n == 0 {
		t.Error("no native histogram came")
	}
}

func compareQueries(t *testing.T, address string, s *tsdb.Store, at int64) {
	for _, expr := range []string{
		`count(up)`, `sum(up)`, `max(node_time_seconds)`, `max(node_time_seconds) < 0`, `scalar(count(up))`, `"text"`,
		`sum(prometheus_tsdb_head_series)`, `max_over_time(sum(up)[3s:1s])`, `histogram_count(sum(request_seconds))`,
	} {
		result, err := s.Query(context.Background(), expr, at)
		compareAnswer(t, fmt.Sprintf("http://%s/api/v1/query?query=%s&time=%d.%03d", address, url.QueryEscape(expr), at/1000, at%1000), result, err)
	}
	for _, expr := range []string{`sum(up)`, `max(node_time_seconds)`} {
		result, err := s.QueryRange(context.Background(), expr, at-2000, at, 500)
		compareAnswer(t, fmt.Sprintf("http://%s/api/v1/query_range?query=%s&start=%d.%03d&end=%d.%03d&step=500ms", address, url.QueryEscape(expr),
			(at-2000)/1000, at%1000, at/1000, at%1000), result, err)
	}
}

func compareAnswer(t *testing.T, address string, ours *tsdb.Result, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	var b strings.Builder
	if err := tsdb.WritePrometheusJSON(&b, ours); err != nil {
		t.Fatal(err)
	}
	if _, theirs := get(address); theirs != b.String() {
		t.Errorf("%s\nPrometheus %s\nours       %s", address, theirs, b.String())
	}
}
