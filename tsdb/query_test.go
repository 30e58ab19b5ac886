package tsdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

func filled(t *testing.T, o Options) *Store {
	t.Helper()
	s := temp(t, o)
	mustAppend(t, s,
		Series{Labels: named("req_total", "svc", "cart"), Samples: ramp(t0-60_000, 15_000, 0, 15, 30, 45, 60)},
		Series{Labels: named("req_total", "svc", "pay"), Samples: ramp(t0-60_000, 15_000, 0, 30, 60, 90, 120)},
		Series{Labels: named("lat"), Histograms: []HistogramSample{{t0 - 60_000, customBuckets(1)}, {t0, customBuckets(3)}}},
	)
	return s
}

func TestQuery(t *testing.T) {
	s := filled(t, Options{})
	f := func(expr, want string) {
		t.Helper()
		r, err := s.Query(context.Background(), expr, t0)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			return
		}
		var b bytes.Buffer
		if err := WritePrometheusJSON(&b, r); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Errorf("%s: not JSON: %s", expr, b.String())
		}
		if got := b.String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", expr, got, want)
		}
	}
	// The format is documented in prometheus.io/docs/prometheus/latest/querying/api;
	// tsdb/ingest's TestRealPrometheus compares with a server's own answers.
	f("req_total", `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"req_total","svc":"cart"},"value":[1700000000,"60"]},{"metric":{"__name__":"req_total","svc":"pay"},"value":[1700000000,"120"]}]}}`)
	f("req_total > 1000", `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	f("1/0", `{"status":"success","data":{"resultType":"scalar","result":[1700000000,"+Inf"]}}`)
	f(`"x\"y"`, `{"status":"success","data":{"resultType":"string","result":[1700000000,"x\"y"]}}`)
	f(`req_total{svc="pay"}[31s]`, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"req_total","svc":"pay"},"values":[[1699999970,"60"],[1699999985,"90"],[1700000000,"120"]]}]}}`)
	f("lat", `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"lat"},"histogram":[1700000000,{"count":"6","sum":"3","buckets":[[3,"-Inf","0.1","3"],[0,"0.1","1","3"]]}]}]}}`)
	f(`lat[61s]`, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"lat"},"histograms":[[1699999940,{"count":"2","sum":"1","buckets":[[3,"-Inf","0.1","1"],[0,"0.1","1","1"]]}],[1700000000,{"count":"6","sum":"3","buckets":[[3,"-Inf","0.1","3"],[0,"0.1","1","3"]]}]]}]}}`)
}

func TestQueryRange(t *testing.T) {
	s := filled(t, Options{})
	r, err := s.QueryRange(context.Background(), `sum(rate(req_total[30s]))`, t0-30_000, t0, 15_000)
	if err != nil {
		t.Fatal(err)
	}
	want := &Result{Type: Matrix, Matrix: []Series{{Labels: labels.EmptyLabels(), Samples: ramp(t0-30_000, 15_000, 3, 3, 3)}}}
	if d := cmp.Diff(want, r, equalSeries); d != "" {
		t.Error(d)
	}
}

func TestQueryAnnotations(t *testing.T) {
	s := filled(t, Options{})
	mustAppend(t, s, Series{Labels: named("g"), Samples: ramp(t0-60_000, 15_000, 0, 15, 30, 45, 60)})
	r, err := s.Query(context.Background(), "rate(g[1m])", t0)
	if err != nil || len(r.Infos) != 1 || !strings.Contains(r.Infos[0], "might not be a counter") {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = s.Query(context.Background(), `quantile(7, req_total)`, t0)
	if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "quantile") {
		t.Errorf("%+v, %v", r, err)
	}
	var b bytes.Buffer
	if err := WritePrometheusJSON(&b, r); err != nil || !strings.Contains(b.String(), `"warnings":["`) {
		t.Errorf("%s, %v", b.String(), err)
	}
}

func TestQueryErrors(t *testing.T) {
	s := filled(t, Options{MaxQuerySamples: 3, MaxQueryPoints: 10, MaxQueries: 1})
	ctx := context.Background()
	f := func(what string, err error, kind ErrorKind, say string) *QueryError {
		t.Helper()
		var q *QueryError
		if !errors.As(err, &q) || q.Kind != kind || !strings.Contains(err.Error(), say) {
			t.Fatalf("%s: got %v, want %s with %q", what, err, kind, say)
		}
		var b bytes.Buffer
		status, werr := WritePrometheusError(&b, err)
		if werr != nil || status != kind.HTTPStatus() || !json.Valid(b.Bytes()) {
			t.Errorf("%s: status %d, body %s", what, status, b.String())
		}
		return q
	}
	_, err := s.Query(ctx, "sum(\n  req_total{)", t0)
	if q := f("parse", err, BadData, "cannot parse expression"); q.Line != 2 || q.Column != 13 || q.Offset != 17 {
		t.Errorf("position %d:%d (%d)", q.Line, q.Column, q.Offset)
	}
	_, err = s.Query(ctx, "", t0)
	f("empty", err, BadData, "no expression")
	_, err = s.Query(ctx, "sum_over_time(req_total[1m])", t0)
	f("samples", err, Execution, "select fewer series")
	_, err = s.QueryRange(ctx, "1", t0, t0-1, 1)
	f("backwards", err, BadData, "ends")
	_, err = s.QueryRange(ctx, "1", t0, t0, 0)
	f("step", err, BadData, "step")
	_, err = s.QueryRange(ctx, "1", t0, t0+10, 1)
	f("points", err, BadData, "the limit is 10")
	_, err = s.QueryRange(ctx, "1", math.MinInt64/2, math.MaxInt64/2, 1)
	f("all of time", err, BadData, "the limit is 10")
	done, cancel := context.WithCancel(ctx)
	cancel()
	s.gate <- struct{}{}
	_, err = s.Query(done, "1", t0)
	<-s.gate
	f("queue", err, Canceled, "free query slot")
	_, err = s.Query(done, "req_total", t0)
	f("cancel", err, Canceled, "canceled")
}

func TestQueryTimeout(t *testing.T) {
	s := filled(t, Options{QueryTimeout: time.Nanosecond})
	_, err := s.Query(context.Background(), "req_total", t0)
	var q *QueryError
	if !errors.As(err, &q) || q.Kind != Timeout {
		t.Errorf("got %v", err)
	}
}

func TestNamesValuesSeries(t *testing.T) {
	s := filled(t, Options{})
	ctx := context.Background()
	names, err := s.LabelNames(ctx, nil, 0, t0, 0)
	if d := cmp.Diff([]string{"__name__", "svc"}, names); d != "" || err != nil {
		t.Error(d, err)
	}
	pay := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "svc", "pay")}
	values, err := s.LabelValues(ctx, "svc", pay, 0, t0, 0)
	if d := cmp.Diff([]string{"pay"}, values); d != "" || err != nil {
		t.Error(d, err)
	}
	values, err = s.LabelValues(ctx, "svc", nil, 0, t0, 1)
	if d := cmp.Diff([]string{"cart"}, values); d != "" || err != nil {
		t.Error(d, err)
	}
	f := func(selectors [][]*labels.Matcher, limit, want int) {
		t.Helper()
		got, err := s.Series(ctx, selectors, 0, t0, limit)
		if err != nil || len(got) != want {
			t.Errorf("%v: %v, %v; want %d", selectors, got, err, want)
		}
	}
	lat := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "__name__", "lat")}
	f(nil, 0, 3)
	f(nil, 2, 2)
	f([][]*labels.Matcher{pay, lat, pay}, 0, 2)
	var b bytes.Buffer
	if err := WritePrometheusList(&b, names); err != nil || b.String() != `{"status":"success","data":["__name__","svc"]}` {
		t.Errorf("%s, %v", b.String(), err)
	}
	b.Reset()
	if err := WritePrometheusSeries(&b, []labels.Labels{named("a", "b", "c"), labels.EmptyLabels()}); err != nil || b.String() != `{"status":"success","data":[{"__name__":"a","b":"c"},{}]}` {
		t.Errorf("%s, %v", b.String(), err)
	}
}

// Whatever is asked, there is an answer or an error whose position lies in the
// text.
func FuzzQuery(f *testing.F) {
	s, err := Open(Options{QueryTimeout: time.Second, MaxQuerySamples: 10_000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	if _, err := s.Append(context.Background(), []Series{{Labels: named("a", "b", "c"), Samples: ramp(t0-60_000, 15_000, 1, 2, 3, 4, 5)}}); err != nil {
		f.Fatal(err)
	}
	for _, expr := range []string{"a", "sum(rate(a[1m]))", `a{b=~"c.*"} offset 5m`, "a\n+ on (", "label_replace(a, 'x', '$1', 'b', '(.*)')", "1e999", "\xff", "a[1m:1ms]"} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		r, err := s.Query(context.Background(), expr, t0)
		if err == nil {
			var b bytes.Buffer
			if err := WritePrometheusJSON(&b, r); err != nil || !json.Valid(b.Bytes()) {
				t.Errorf("%q gives %s, %v", expr, b.String(), err)
			}
			return
		}
		var q *QueryError
		if !errors.As(err, &q) {
			t.Fatalf("%q gives %T", expr, err)
		}
		if q.Offset > len(expr) || (q.Offset >= 0) != (q.Line >= 1 && q.Column >= 1) {
			t.Errorf("%q: position %d, line %d, column %d", expr, q.Offset, q.Line, q.Column)
		}
	})
}
