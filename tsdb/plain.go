package tsdb

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Looking into an expression: whether it is a plain aggregate over one
// selector, which may be read from the raw samples as well, which metrics it
// names, and what it is per value of a label.

// Plain is an expression of the form
//
//	sum by (le) (increase(http_requests_total{service="cart"}[1m]))
//
// or a part of it: without the grouping, the aggregate, or the function and its
// range.
type Plain struct {
	Aggregate string            // "sum", "avg", ...; empty when there is none.
	By        []string          // Labels kept, sorted.
	Func      string            // "increase", "rate"; empty for an instant selector.
	Matchers  []*labels.Matcher // The selector, name included.
	Range     time.Duration     // 0 for an instant selector.
}

// ParsePlain reads expr; ok is false if it is not plain, or no PromQL at all.
func ParsePlain(expr string) (p Plain, ok bool) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return p, false
	}
	return plain(bare(e))
}

func plain(e parser.Expr) (p Plain, ok bool) {
	if a, is := e.(*parser.AggregateExpr); is {
		if a.Param != nil || a.Without {
			return p, false
		}
		p.Aggregate, p.By = a.Op.String(), slices.Sorted(slices.Values(a.Grouping))
		e = bare(a.Expr)
	}
	if c, is := e.(*parser.Call); is {
		if len(c.Args) != 1 || c.Func.Name != "rate" && c.Func.Name != "increase" {
			return p, false
		}
		p.Func = c.Func.Name
		m, is := bare(c.Args[0]).(*parser.MatrixSelector)
		if !is || m.RangeExpr != nil {
			return p, false
		}
		p.Range, e = m.Range, bare(m.VectorSelector)
	}
	v, is := e.(*parser.VectorSelector)
	if !is || v.OriginalOffset != 0 || v.OriginalOffsetExpr != nil || v.Timestamp != nil || v.StartOrEnd != 0 || v.Anchored || v.Smoothed {
		return p, false
	}
	p.Matchers = v.LabelMatchers
	return p, true
}

// bare takes parentheses off.
func bare(e parser.Expr) parser.Expr {
	for {
		p, is := e.(*parser.ParenExpr)
		if !is {
			return e
		}
		e = p.Expr
	}
}

// SplitBy returns expr with one result per value of label instead of one over
// all. It can where expr is built from plain aggregates by arithmetic, numbers
// and histogram functions; for anything else it returns an error.
func SplitBy(expr, label string) (string, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err == nil && !split(e, label) {
		err = fmt.Errorf("it is not built from plain aggregates such as sum(rate(name{...}[1m]))")
	}
	if err != nil {
		return "", fmt.Errorf("cannot split %q by %s: %w", expr, label, err)
	}
	return e.String(), nil
}

// split adds label to every aggregate below e; false where that changes what
// the expression means.
func split(e parser.Expr, label string) bool {
	switch e := bare(e).(type) {
	case *parser.NumberLiteral:
		return true
	case *parser.AggregateExpr:
		if p, ok := plain(e); !ok || p.Aggregate == "count" || p.Aggregate == "group" {
			return false
		}
		if !slices.Contains(e.Grouping, label) {
			e.Grouping = append(e.Grouping, label)
		}
		return true
	case *parser.BinaryExpr:
		if m := e.VectorMatching; e.Op.IsSetOperator() || e.Op.IsComparisonOperator() || m != nil && (m.On || len(m.MatchingLabels) > 0 || m.Card != parser.CardOneToOne) {
			return false
		}
		return split(e.LHS, label) && split(e.RHS, label)
	case *parser.Call:
		switch e.Func.Name {
		case "histogram_quantile", "histogram_avg", "histogram_sum", "histogram_count", "histogram_fraction":
			return len(e.Args) > 0 && split(e.Args[len(e.Args)-1], label)
		}
	}
	return false
}

// MetricNames lists the metrics an expression selects by name, in the order of
// their appearance; nil if it is no PromQL.
func MetricNames(expr string) []string {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil
	}
	var out []string
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		v, is := n.(*parser.VectorSelector)
		if !is {
			return nil
		}
		for _, m := range v.LabelMatchers {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && !slices.Contains(out, m.Value) {
				out = append(out, m.Value)
			}
		}
		return nil
	})
	return out
}

// Metadata returns what senders said of a metric, or of the family that a part
// such as name_count belongs to: the OpenMetrics type ("counter", "gauge",
// "histogram", "summary", ...) and the unit, empty where they said nothing.
func (s *Store) Metadata(name string) (kind, unit string) {
	m, _ := s.meta.lookup(name)
	if m.Type == model.MetricTypeUnknown {
		return "", m.Unit
	}
	return string(m.Type), m.Unit
}
