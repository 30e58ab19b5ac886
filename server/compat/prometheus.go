package compat

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/tsdb"
)

// Prometheus serves query, query_range, series, labels and label values under
// /api/v1, as prometheus.io/docs/prometheus/latest/querying/api has them.
type Prometheus struct {
	Store *tsdb.Store
	Now   func() time.Time
}

// Register adds the routes to a mux.
func (p *Prometheus) Register(mux *http.ServeMux) {
	for path, h := range map[string]func(*http.Request) (answer, error){
		"/api/v1/query":               p.query,
		"/api/v1/query_range":         p.queryRange,
		"/api/v1/series":              p.series,
		"/api/v1/labels":              p.labels,
		"/api/v1/label/{name}/values": p.labelValues,
		"/api/v1/status/buildinfo":    p.buildInfo,
		"/api/v1/metadata":            empty("{}"),
		"/api/v1/rules":               empty(`{"groups":[]}`),
	} {
		mux.Handle("GET "+path, serve(h))
		mux.Handle("POST "+path, serve(h))
	}
}

// answer writes the body of a success.
type answer func(http.ResponseWriter) error

func serve(h func(*http.Request) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		write, err := h(r)
		if err != nil {
			writeError(w, err)
			return
		}
		_ = write(w) // The reader is gone: there is nobody to tell.
	})
}

func writeError(w http.ResponseWriter, err error) {
	kind := tsdb.Internal
	var q *tsdb.QueryError
	var bad badRequest
	switch {
	case errors.As(err, &q):
		kind = q.Kind
	case errors.As(err, &bad):
		kind = tsdb.BadData
		err = &tsdb.QueryError{Kind: kind, Offset: -1, Line: -1, Column: -1, Err: bad.error}
	}
	w.WriteHeader(kind.HTTPStatus())
	_, _ = tsdb.WritePrometheusError(w, err) // The reader is gone: there is nobody to tell.
}

// badRequest is a parameter that cannot be read.
type badRequest struct{ error }

func bad(param, value string, err error) error {
	return badRequest{fmt.Errorf("cannot read parameter %s=%q: %w", param, value, err)}
}

func (p *Prometheus) query(r *http.Request) (answer, error) {
	at, err := instant(r, "time", p.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := withTimeout(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	res, err := p.Store.Query(ctx, r.FormValue("query"), at)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error { return tsdb.WritePrometheusJSON(w, res) }, nil
}

func (p *Prometheus) queryRange(r *http.Request) (answer, error) {
	from, errFrom := instant(r, "start", time.Time{})
	to, errTo := instant(r, "end", time.Time{})
	step, errStep := seconds(r, "step")
	if err := errors.Join(errFrom, errTo, errStep); err != nil {
		return nil, badRequest{err}
	}
	ctx, cancel, err := withTimeout(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	res, err := p.Store.QueryRange(ctx, r.FormValue("query"), from, to, step.Milliseconds())
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error { return tsdb.WritePrometheusJSON(w, res) }, nil
}

func (p *Prometheus) series(r *http.Request) (answer, error) {
	from, to, sets, err := p.selection(r)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, badRequest{errors.New("cannot list series: no match[] parameter provided")}
	}
	list, err := p.Store.Series(r.Context(), sets, from, to, limit(r))
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error { return tsdb.WritePrometheusSeries(w, list) }, nil
}

func (p *Prometheus) labels(r *http.Request) (answer, error) {
	from, to, sets, err := p.selection(r)
	if err != nil {
		return nil, err
	}
	list, err := p.Store.LabelNames(r.Context(), first(sets), from, to, limit(r))
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error { return tsdb.WritePrometheusList(w, list) }, nil
}

func (p *Prometheus) labelValues(r *http.Request) (answer, error) {
	from, to, sets, err := p.selection(r)
	if err != nil {
		return nil, err
	}
	list, err := p.Store.LabelValues(r.Context(), r.PathValue("name"), first(sets), from, to, limit(r))
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error { return tsdb.WritePrometheusList(w, list) }, nil
}

// buildInfo lets Grafana decide what this server can do. The version is the
// Prometheus release whose engine is embedded.
func (p *Prometheus) buildInfo(*http.Request) (answer, error) {
	return func(w http.ResponseWriter) error {
		_, err := w.Write([]byte(`{"status":"success","data":{"version":"3.15.0","application":"bellwether"}}`))
		return err
	}, nil
}

func empty(data string) func(*http.Request) (answer, error) {
	return func(*http.Request) (answer, error) {
		return func(w http.ResponseWriter) error {
			_, err := w.Write([]byte(`{"status":"success","data":` + data + `}`))
			return err
		}, nil
	}
}

// selection reads start, end and match[].
func (p *Prometheus) selection(r *http.Request) (from, to int64, sets [][]*labels.Matcher, err error) {
	now := p.Now()
	if from, err = instant(r, "start", now.Add(-24*time.Hour)); err != nil {
		return 0, 0, nil, err
	}
	if to, err = instant(r, "end", now); err != nil {
		return 0, 0, nil, err
	}
	if err := r.ParseForm(); err != nil {
		return 0, 0, nil, badRequest{err}
	}
	for _, s := range r.Form["match[]"] {
		ms, err := metric.ParseMatchers(s)
		if err != nil {
			return 0, 0, nil, bad("match[]", s, err)
		}
		sets = append(sets, ms)
	}
	return from, to, sets, nil
}

// first is the one selector that the label lists honour.
func first(sets [][]*labels.Matcher) []*labels.Matcher {
	if len(sets) == 0 {
		return nil
	}
	return sets[0]
}

func limit(r *http.Request) int {
	n, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// instant reads Unix seconds (with a fraction) or RFC 3339.
func instant(r *http.Request, param string, otherwise time.Time) (int64, error) {
	s := r.FormValue(param)
	if s == "" {
		if otherwise.IsZero() {
			return 0, bad(param, s, errors.New("it is required"))
		}
		return otherwise.UnixMilli(), nil
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(v) < 1e12 {
		return int64(math.Round(v * 1000)), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, bad(param, s, errors.New("want Unix seconds or RFC 3339"))
	}
	return t.UnixMilli(), nil
}

// seconds reads a positive duration: seconds, or with a unit.
func seconds(r *http.Request, param string) (time.Duration, error) {
	s := r.FormValue(param)
	d, err := time.ParseDuration(s)
	if v, ferr := strconv.ParseFloat(s, 64); ferr == nil && v < 1e9 {
		d, err = time.Duration(v*float64(time.Second)), nil
	}
	if err != nil || d < time.Millisecond {
		return 0, bad(param, s, errors.New("want a positive number of seconds or a duration such as 15s"))
	}
	return d, nil
}

func withTimeout(r *http.Request) (context.Context, context.CancelFunc, error) {
	if r.FormValue("timeout") == "" {
		ctx, cancel := context.WithCancel(r.Context())
		return ctx, cancel, nil
	}
	d, err := seconds(r, "timeout")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}
