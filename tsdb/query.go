package tsdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

func newEngine(o Options) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:                   o.Log,
		Reg:                      o.Registerer,
		MaxSamples:               o.MaxQuerySamples,
		Timeout:                  o.QueryTimeout,
		LookbackDelta:            o.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		Parser:                   parser.NewParser(parser.Options{}),
	})
}

// Query evaluates a PromQL expression at one instant (Unix milliseconds). The
// error is a *QueryError.
func (s *Store) Query(ctx context.Context, expr string, at int64) (*Result, error) {
	return s.evaluate(ctx, expr, func() (promql.Query, error) {
		return s.engine.NewInstantQuery(ctx, s.db, nil, expr, time.UnixMilli(at))
	})
}

// QueryRange evaluates a PromQL expression at from, from+step, ... up to and
// including to (Unix milliseconds). The result is a Matrix. The error is a
// *QueryError.
func (s *Store) QueryRange(ctx context.Context, expr string, from, to, step int64) (*Result, error) {
	bad := func(format string, args ...any) (*Result, error) {
		return nil, newQueryError(BadData, expr, fmt.Errorf(format, args...))
	}
	switch {
	case step <= 0:
		return bad("step %d ms is not positive", step)
	case to < from:
		return bad("the range ends (%d) before it starts (%d)", to, from)
	case (to-from)/step >= int64(s.opts.MaxQueryPoints):
		return bad("%d points per series, the limit is %d; use a longer step or a shorter range", (to-from)/step+1, s.opts.MaxQueryPoints)
	}
	return s.evaluate(ctx, expr, func() (promql.Query, error) {
		return s.engine.NewRangeQuery(ctx, s.db, nil, expr, time.UnixMilli(from), time.UnixMilli(to), time.Duration(step)*time.Millisecond)
	})
}

func newQueryError(kind ErrorKind, expr string, err error) *QueryError {
	return &QueryError{Kind: kind, Expr: expr, Offset: -1, Line: -1, Column: -1, Err: err}
}

// evaluate waits for a free place, then parses and runs one query.
func (s *Store) evaluate(ctx context.Context, expr string, parse func() (promql.Query, error)) (*Result, error) {
	select {
	case s.gate <- struct{}{}:
		defer func() { <-s.gate }()
	case <-ctx.Done():
		return nil, newQueryError(Canceled, expr, fmt.Errorf("waiting for a free query slot (%d in use): %w", cap(s.gate), ctx.Err()))
	}
	q, err := parse()
	if err != nil {
		return nil, parseError(expr, err)
	}
	defer q.Close()
	r := q.Exec(ctx)
	if r.Err != nil {
		return nil, execError(expr, r.Err)
	}
	return fromPromQL(r, expr)
}

// parseError keeps the position of the first complaint.
func parseError(expr string, err error) *QueryError {
	var list parser.ParseErrors
	if !errors.As(err, &list) || len(list) == 0 {
		return newQueryError(BadData, expr, err)
	}
	e := newQueryError(BadData, expr, list[0].Err)
	e.Offset = max(0, min(int(list[0].PositionRange.Start), len(expr)))
	e.Line = 1 + strings.Count(expr[:e.Offset], "\n")
	e.Column = e.Offset - strings.LastIndexByte(expr[:e.Offset], '\n')
	return e
}

func execError(expr string, err error) *QueryError {
	var timeout promql.ErrQueryTimeout
	var canceled promql.ErrQueryCanceled
	var tooMany promql.ErrTooManySamples
	var failed promql.ErrStorage
	switch {
	case errors.As(err, &timeout):
		return newQueryError(Timeout, expr, err)
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return newQueryError(Canceled, expr, err)
	case errors.As(err, &tooMany):
		return newQueryError(Execution, expr, fmt.Errorf("%w; select fewer series, a shorter range or a longer step", err))
	case errors.As(err, &failed):
		return newQueryError(Internal, expr, err)
	}
	return newQueryError(Execution, expr, err)
}

// fromPromQL copies a result, since the engine takes its memory back.
func fromPromQL(r *promql.Result, expr string) (*Result, error) {
	out := &Result{}
	out.Warnings, out.Infos = r.Warnings.AsStrings(expr, 10, 10)
	switch v := r.Value.(type) {
	case promql.Vector:
		out.Type = Vector
		out.Vector = make([]Point, len(v))
		for i, p := range v {
			out.Vector[i] = Point{Labels: p.Metric, T: p.T, V: p.F}
			if p.H != nil {
				out.Vector[i].H = p.H.Copy()
			}
		}
	case promql.Matrix:
		out.Type = Matrix
		out.Matrix = make([]Series, len(v))
		for i, one := range v {
			to := Series{Labels: one.Metric}
			for _, p := range one.Floats {
				to.Samples = append(to.Samples, metric.Sample{T: p.T, V: p.F})
			}
			for _, p := range one.Histograms {
				to.Histograms = append(to.Histograms, HistogramSample{T: p.T, H: p.H.Copy()})
			}
			out.Matrix[i] = to
		}
	case promql.Scalar:
		out.Type = Scalar
		out.Scalar = metric.Sample{T: v.T, V: v.V}
	case promql.String:
		out.Type = String
		out.Scalar.T, out.String = v.T, v.V
	default:
		return nil, newQueryError(Internal, expr, fmt.Errorf("unknown result type %T", v))
	}
	return out, nil
}
