package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// companion runs another program until the end of the test.
func companion(t *testing.T, path string, args ...string) {
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
		_ = cmd.Wait() // Its error is that it was told to stop.
		if t.Failed() {
			t.Logf("%s said:\n%.4000s", filepath.Base(path), log.String())
		}
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// load is the value of the test's gauge at an instant: a slow wave and noise
// that depends on the second alone, so that written history and live scrapes
// are one series.
func load(at time.Time) float64 {
	s := float64(at.Unix())
	_, noise := math.Modf(math.Abs(math.Sin(s*12.9898) * 43758.5453))
	return 100 + 10*math.Sin(s*2*math.Pi/900) + 4*(noise-.5)
}

// target is what the real Prometheus scrapes: a gauge that can go bad and a
// native histogram.
type target struct {
	*httptest.Server
	bad atomic.Bool
}

func newTarget(t *testing.T) *target {
	t.Helper()
	x := &target{}
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "app_load", Help: "A gauge that goes bad."}, func() float64 {
		if x.bad.Load() {
			return 20 * load(time.Now())
		}
		return load(time.Now())
	}))
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "app_seconds", Help: "A native histogram.", NativeHistogramBucketFactor: 1.1})
	reg.MustRegister(h)
	for i := range 1000 {
		h.Observe(0.001 * float64(i*i%977+1))
	}
	h.Observe(-2)
	h.Observe(0)
	x.Server = httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	t.Cleanup(x.Close)
	return x
}

func (x *target) address() string { return x.Listener.Addr().String() }

// history writes some hours of the gauge, second by second, as blocks.
func (x *target) history(t *testing.T, promtool, dir string, hours int) {
	t.Helper()
	var b strings.Builder
	fmt.Fprint(&b, "# TYPE app_load gauge\n")
	end := time.Now().Truncate(time.Second)
	for at := end.Add(-time.Duration(hours) * time.Hour); at.Before(end); at = at.Add(time.Second) {
		fmt.Fprintf(&b, "app_load{instance=%q,job=\"app\"} %v %d\n", x.address(), load(at), at.Unix())
	}
	fmt.Fprint(&b, "# EOF\n")
	file := writeFile(t, t.TempDir(), "history.om", b.String())
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", file, dir).CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
}

// A real Prometheus with hours of history and a real node exporter: it writes
// to one server and another pulls from it; a gauge that goes bad is told on the
// stream, at a webhook and by the command line, each with the reason.
func TestRealPrometheusEndToEnd(t *testing.T) {
	prom, promtool := program(t, "prometheus", "prometheus"), program(t, "promtool", "prometheus")
	exporter := program(t, "prometheus-node-exporter", "prometheus-node-exporter")
	t.Parallel()
	written := launch(t, Options{})
	x := newTarget(t)
	dir := t.TempDir()
	x.history(t, promtool, filepath.Join(dir, "data"), 5)
	node, address := freeAddress(t), freeAddress(t)
	companion(t, exporter, "--web.listen-address="+node, "--log.level=warn", "--collector.disable-defaults",
		"--collector.cpu", "--collector.meminfo", "--collector.loadavg")
	file := writeFile(t, dir, "prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- {job_name: app, static_configs: [{targets: [%q]}]}
- {job_name: node, static_configs: [{targets: [%q]}]}
remote_write:
- url: %s/api/v1/write
  send_native_histograms: true
  queue_config: {batch_send_deadline: 200ms}
`, x.address(), node, written.URL()))
	companion(t, prom, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address,
		"--enable-feature=native-histograms", "--log.level=warn")
	source := "http://" + address
	eventually(t, "Prometheus has scraped both targets", func() bool { return len(vector(source, `up == 1`)) == 2 })

	hook := newReceiver(t)
	config := hook.config(t, "  min_age: {low: 0s}\nsource: {interval: 1s}\n")
	pulled := launch(t, Options{ConfigFile: config, Source: source})
	for name, s := range map[string]*server{"written": written, "pulled": pulled} {
		eventually(t, name+": the node exporter's series arrive", func() bool { return len(vector(s.URL(), `node_load1`)) == 1 })
		sameHistogram(t, source, s)
	}
	back := url.QueryEscape(`count_over_time(app_load[5h])`)
	if got := pulled.get(t, "/api/v1/query?query="+back); !enough(got.body, 17_000) {
		t.Errorf("history was not read: %s", got.body)
	}
	goBad(t, x, pulled, hook)
}

// goBad turns the gauge bad and follows what becomes of it.
func goBad(t *testing.T, x *target, s *server, hook *receiver) {
	next, _ := s.watching(t, &pb.WatchRequest{Matcher: `monitor=~"app_load.*"`})
	eventually(t, "the gauge is watched live", func() bool { return len(vector(s.URL(), `count_over_time(app_load[3s]) >= 2`)) == 1 })
	if got := s.groups(t); len(got) > 0 {
		t.Logf("groups before anything went bad: %v", got)
	}
	began := time.Now()
	x.bad.Store(true)
	m := next()
	for m.Type != "fired" {
		m = next()
	}
	t.Logf("the event came %s after the gauge went bad: %s", time.Since(began).Round(time.Millisecond), m.Event.Event.Message)
	id := m.Event.Event.Context["anomaly"]
	if m.Event.Event.Status != pb.Status_STATUS_UNHEALTHY || m.Event.Event.Evidence == "" || id == "" {
		t.Fatalf("event %v", m.Event)
	}
	var group string
	eventuallyWithin(t, time.Minute, "the webhook is told of the gauge", func() bool {
		for _, n := range hook.told("") {
			for _, member := range n.Members {
				if strings.HasPrefix(member.Monitor, "app_load") {
					group = n.Group
					return true
				}
			}
		}
		return false
	})
	t.Logf("the webhook was told after %s", time.Since(began).Round(time.Millisecond))
	cli := filepath.Join(t.TempDir(), "bellwether")
	if out, err := exec.Command("go", "build", "-o", cli, "../cmd/bellwether").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the command: %v\n%s", err, out)
	}
	say := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		out, err := exec.CommandContext(ctx, cli, append(args, "--server", s.GRPC)...).CombinedOutput()
		if err != nil {
			t.Errorf("bellwether %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if out := say("explain", id); !strings.Contains(out, "app_load{") || !strings.Contains(out, "expected") || strings.Count(out, "\n") < 5 {
		t.Errorf("bellwether explain %s:\n%s", id, out)
	} else {
		t.Logf("bellwether explain %s:\n%s", id, out)
	}
	if out := say("alert", "list"); !strings.Contains(out, group) || !strings.Contains(out, "app_load") {
		t.Errorf("bellwether alert list:\n%s", out)
	}
}

// vector asks a Prometheus-compatible server for an instant vector; nil when
// there is none.
func vector(base, expr string) []sampleJSON {
	resp, err := http.Get(base + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var body struct {
		Data struct{ Result []sampleJSON }
	}
	if json.NewDecoder(resp.Body).Decode(&body) != nil {
		return nil
	}
	return body.Data.Result
}

type sampleJSON struct {
	Metric    map[string]string
	Value     []any
	Histogram []any
}

// sameHistogram compares count, sum and every bucket with what Prometheus
// itself answers; the histogram does not change.
func sameHistogram(t *testing.T, source string, s *server) {
	t.Helper()
	want := vector(source, "app_seconds")
	if len(want) != 1 || len(want[0].Histogram) != 2 {
		t.Fatalf("Prometheus has no native histogram: %v", want)
	}
	about := want[0].Histogram[1].(map[string]any)
	if about["count"] != "1002" || len(about["buckets"].([]any)) < 20 {
		t.Fatalf("Prometheus has a histogram the target does not: %v", about)
	}
	var got []sampleJSON
	eventually(t, "the native histogram arrives", func() bool { got = vector(s.URL(), "app_seconds"); return len(got) == 1 })
	if len(got[0].Histogram) != 2 || !reflect.DeepEqual(got[0].Histogram[1], want[0].Histogram[1]) || !reflect.DeepEqual(got[0].Metric, want[0].Metric) {
		t.Errorf("the histogram changed on its way:\n%v\nthere %v", got[0], want[0])
	}
}

// enough reports whether the one value of an answer is at least n.
func enough(body string, n float64) bool {
	var r struct {
		Data struct{ Result []sampleJSON }
	}
	if json.Unmarshal([]byte(body), &r) != nil || len(r.Data.Result) != 1 {
		return false
	}
	var v float64
	_, err := fmt.Sscan(fmt.Sprint(r.Data.Result[0].Value[1]), &v)
	return err == nil && v >= n
}
