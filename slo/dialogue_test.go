package slo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestDialogues plays testdata/dialogue: an objective, traffic, and what is said
// about it. If one fails and the change is meant, rewrite it with -rewrite, read
// the difference, and commit it only if it is understood.
//
//	slo                                          reads OpenSLO, prints the objectives or the mistakes
//	feed for= rate= [errors=] [every=] [series=] traffic in events a second; prints every transition
//	silence for=                                 time without samples, evaluated every minute
//	restart                                      checkpoint and restore
//	trace                                        the verdict in words
func TestDialogues(t *testing.T) {
	datadriven.Walk(t, "testdata/dialogue", func(t *testing.T, path string) {
		d := &dialogue{now: 1_767_571_200_000} // 2026-01-05 00:00:00 UTC.
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			switch td.Cmd {
			case "slo":
				return d.slo(t, td.Input)
			case "feed":
				return d.feed(t, td)
			case "silence":
				return d.silence(t, td)
			case "restart":
				return d.restart(t)
			case "trace":
				return d.e.Evaluate(d.now).Trace().Text()
			}
			t.Fatalf("unknown command %s", td.Cmd)
			return ""
		})
	})
}

type dialogue struct {
	e     *Evaluator
	now   int64
	good  map[uint64]float64
	total map[uint64]float64
}

func (d *dialogue) slo(t *testing.T, text string) string {
	objectives, err := ParseOpenSLO([]byte(text))
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, o := range objectives {
		describeObjective(&b, &o)
	}
	d.e = mustEvaluator(t, objectives[0])
	d.good, d.total = map[uint64]float64{}, map[uint64]float64{}
	return b.String()
}

func describeObjective(b *strings.Builder, o *Objective) {
	window := "rolling " + FormatDuration(o.Window.Length)
	if !o.Window.Rolling {
		window = fmt.Sprintf("calendar %d%c from %s", o.Window.Count, o.Window.Unit, o.Window.Start.Format("2006-01-02 15:04 MST"))
	}
	fmt.Fprintf(b, "%s: %s of %s, %s, %s, gaps %s, evidence %v\n", o.Name, formatPercent(o.Target), o.Indicator.Shape, o.Method, window, o.Gap, o.Evidence)
	in := o.Indicator
	for _, q := range []struct {
		name string
		q    Query
	}{{"good", in.Good}, {"bad", in.Bad}, {"total", in.Total}, {"value", in.Value}} {
		if q.q.Text != "" {
			fmt.Fprintf(b, "  %s: %s\n", q.name, q.q.Selector)
		}
	}
	if in.Op != OpNone {
		fmt.Fprintf(b, "  good when value %s %v\n", in.Op, in.Threshold)
	}
	for _, k := range slices.Sorted(maps.Keys(o.Labels)) {
		fmt.Fprintf(b, "  label %s=%s\n", k, o.Labels[k])
	}
	for _, r := range o.Rules {
		fmt.Fprintf(b, "  rule %s: %s above %s over %s and %s", r.Name, r.Severity, times(r.Factor), FormatDuration(r.Long), FormatDuration(r.Short))
		if r.For > 0 {
			fmt.Fprintf(b, " for %s", FormatDuration(r.For))
		}
		b.WriteByte('\n')
	}
	for _, n := range o.Notes {
		fmt.Fprintf(b, "  note: %s\n", n)
	}
}

func (d *dialogue) duration(t *testing.T, td *datadriven.TestData, key string, otherwise int64) int64 {
	for _, a := range td.CmdArgs {
		if a.Key == key {
			_, _, ms, err := ParseDuration(a.Vals[0])
			if err != nil {
				t.Fatal(err)
			}
			return ms
		}
	}
	return otherwise
}

func (d *dialogue) number(t *testing.T, td *datadriven.TestData, key string, otherwise float64) float64 {
	for _, a := range td.CmdArgs {
		if a.Key == key {
			v, err := strconv.ParseFloat(a.Vals[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return otherwise
}

func (d *dialogue) feed(t *testing.T, td *datadriven.TestData) string {
	every := d.duration(t, td, "every", 30*second)
	rate, errors := d.number(t, td, "rate", 1), d.number(t, td, "errors", 0)
	id := uint64(d.number(t, td, "series", 1))
	var b strings.Builder
	for end := d.now + d.duration(t, td, "for", hour); d.now < end; {
		d.now += every
		n := rate * float64(every/second)
		d.total[id] += n
		d.good[id] += n * (1 - errors)
		if d.e.o.Indicator.Shape == ShapeBadTotal {
			d.e.ObserveBad(id, d.now, d.total[id]-d.good[id])
		} else {
			d.e.ObserveGood(id, d.now, d.good[id])
		}
		d.e.ObserveTotal(id, d.now, d.total[id])
		d.judge(&b)
	}
	return b.String()
}

func (d *dialogue) judge(b *strings.Builder) {
	s := d.e.Evaluate(d.now)
	if tr := s.Transition; tr != nil {
		fmt.Fprintf(b, "%s: %s %s -> %s %s\n", stamp(tr.At), tr.From, tr.FromSeverity, tr.To, tr.ToSeverity)
	}
}

func (d *dialogue) silence(t *testing.T, td *datadriven.TestData) string {
	var b strings.Builder
	for end := d.now + d.duration(t, td, "for", hour); d.now < end; {
		d.now += minute
		d.judge(&b)
	}
	return b.String()
}

func (d *dialogue) restart(t *testing.T) string {
	data := d.e.Checkpoint()
	e, err := Restore(d.e.o, Options{}, data)
	if err != nil {
		t.Fatal(err)
	}
	if again := e.Checkpoint(); string(again) != string(data) {
		t.Fatal("the restored state gives other bytes")
	}
	d.e = e
	return fmt.Sprintf("%d bytes\n", len(data))
}
