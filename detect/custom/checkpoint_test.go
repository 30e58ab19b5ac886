package custom

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"

	"github.com/bellwether-ts/bellwether/detect"
)

// pool are detectors that remember in every way there is.
var pool = []string{
	"name: a\nmatch: m\nscore: abs(value)\n",
	"name: a\nmatch: m\nwindow: 7\nstate:\n  level: {initial: 0, next: 'anomalous ? state.level : state.level + 0.3 * (value - state.level)'}\nscore: abs(value - state.level) + mad(window)\nexpected: state.level\nreason: text(value)\n",
	"name: a\nmatch: m\nwindow: 5\nstate:\n  tops: {initial: [], next: 'window.filter(x, x > 1)'}\n  tag: {initial: \"x\", next: 'size(state.tag) > 20 ? \"\" : state.tag + text(value)'}\n  on: {initial: true, next: '!state.on'}\nevidence: 'state.on && count(state.tops) > 2 ? 9 : 0'\nreason: state.tag\n",
	"name: a\nmatch: m\nwindow: 9\nevidence: 'window[8] > 2 && value > 90 ? sum(window.map(a, sum(window.map(b, a * b)))) : (value > 3 ? bar : 0)'\n",
}

func parsed(t testing.TB, src string) *Detector {
	t.Helper()
	ds, err := Parse("t.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return ds[0]
}

var series = labels.FromStrings("__name__", "m", "job", "mail")

// odd are values a detector must live with.
func odd(r *rand.Rand) float64 {
	switch r.IntN(40) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1)
	case 2:
		return 1e308
	case 3:
		return 5e-324
	case 4:
		return 100 * r.NormFloat64()
	}
	return r.NormFloat64()
}

// A run that is interrupted by checkpoint and restore gives the results, and
// in the end the bytes, of one that is not.
func TestRestoreGoesOn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := parsed(t, rapid.SampledFrom(pool).Draw(rt, "detector"))
		meta := detect.Meta{Kind: rapid.SampledFrom([]detect.MetricKind{detect.MetricGauge, detect.MetricUnknown}).Draw(rt, "kind")}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		cut := rapid.IntRange(0, 300).Draw(rt, "cut")
		whole, err := d.NewSeries(detect.Config{}, meta, series)
		if err != nil {
			rt.Fatal(err)
		}
		parts := whole
		for i := range 400 {
			if i == cut {
				var kept Kept
				parts, kept, err = d.Restore(detect.Config{}, meta, series, whole.AppendState(nil))
				if err != nil || !kept.State || !kept.Calibration {
					rt.Fatalf("restore: %+v %v", kept, err)
				}
			}
			v := odd(r)
			want := whole.Step(int64(i)*60_000, v, nil)
			if parts == whole {
				continue
			}
			if got := parts.Step(int64(i)*60_000, v, nil); got != want {
				rt.Fatalf("sample %d: %+v, uninterrupted %+v", i, got, want)
			}
		}
		if !bytes.Equal(whole.AppendState(nil), parts.AppendState(nil)) {
			rt.Fatal("the checkpoints differ in the end")
		}
		if diff := cmp.Diff(whole.Account(), parts.Account(), cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); diff != "" {
			rt.Fatalf("the accounts differ in the end:\n%s", diff)
		}
	})
}

// Damage anywhere is refused and never read.
func TestRestoreRefusesDamage(t *testing.T) {
	d := parsed(t, pool[2])
	s, _ := d.NewSeries(detect.Config{}, detect.Meta{}, series)
	for i := range 20 {
		s.Step(int64(i)*60_000, float64(i), nil)
	}
	good := s.AppendState(nil)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x41
		if _, _, err := d.Restore(detect.Config{}, detect.Meta{}, series, bad); !errors.Is(err, detect.ErrForeignState) {
			t.Fatalf("byte %d damaged: error %v", i, err)
		}
		if _, _, err := d.Restore(detect.Config{}, detect.Meta{}, series, good[:i]); !errors.Is(err, detect.ErrForeignState) {
			t.Fatalf("cut at %d: error %v", i, err)
		}
	}
}

// FuzzRestore: whatever a checkpoint holds, with a good checksum, it is refused
// or a series that can go on.
func FuzzRestore(f *testing.F) {
	for _, src := range pool {
		d := parsed(f, src)
		s, _ := d.NewSeries(detect.Config{}, detect.Meta{}, series)
		for i := range 20 {
			s.Step(int64(i)*60_000, float64(i), nil)
		}
		b := s.AppendState(nil)
		f.Add(b[:len(b)-8])
	}
	d := parsed(f, pool[2])
	f.Fuzz(func(t *testing.T, b []byte) {
		in := appendSum(b)
		s, _, err := d.Restore(detect.Config{}, detect.Meta{}, series, in)
		if err != nil {
			return
		}
		for i := range 10 {
			if r := s.Step(int64(1)<<40+int64(i)*60_000, float64(i), nil); math.IsNaN(r.Score) || math.IsNaN(r.Expected) {
				t.Fatalf("NaN out: %+v", r)
			}
		}
	})
}

func appendSum(b []byte) []byte {
	out := bytes.Clone(b)
	h := checksum(out)
	for i := range 8 {
		out = append(out, byte(h>>(8*i)))
	}
	return out
}

// The order in which samples of one instant arrive does not change what is
// found, and neither does a reload of the same file in between.
func TestJoinedOrderDoesNotMatter(t *testing.T) {
	src := "name: a\nmatch: e\nwith:\n  all: {match: r, on: [s]}\nstate:\n  k: {initial: 0, next: state.k + 1}\nscore: value / (all + 1)\nreason: 'text(all) + \" \" + text(state.k)'\n"
	run := func(seed uint64, reload bool) (out string) {
		r := rand.New(rand.NewPCG(3, 3)) // The same values in every run.
		order := rand.New(rand.NewPCG(seed, 1))
		runner, err := NewRunner(Options{
			Emit:   func(f Finding) { out += fmt.Sprintln(f.Ref, f.At, f.Transition, f.Reason) },
			Judged: func(j Judged) { out += fmt.Sprintln(j.Ref, j.T, j.Result.Score) },
		}, []*Detector{parsed(t, src)})
		if err != nil {
			t.Fatal(err)
		}
		names := []string{"e", "r", "r", "e", "r"}
		for i, n := range names {
			runner.Add(uint64(i), labels.FromStrings("__name__", n, "s", fmt.Sprint(i/3), "i", fmt.Sprint(i)), detect.Meta{Kind: detect.MetricGauge})
		}
		for k := range 300 {
			at := int64(k) * 60_000
			v := make([]float64, len(names))
			for i := range v {
				v[i] = 10 + r.NormFloat64()
				if k == 280 && i == 0 {
					v[i] = 1000
				}
			}
			for _, i := range order.Perm(len(names)) {
				runner.Observe(uint64(i), at, v[i])
			}
			if order.IntN(3) == 0 {
				runner.Tick(at)
			}
			if reload && k%50 == 49 {
				runner.Tick(at + 60_000)
				if _, err := runner.Replace([]*Detector{parsed(t, src)}, at); err != nil {
					t.Fatal(err)
				}
			}
		}
		runner.Finish()
		return out
	}
	want := run(1, false)
	if len(want) < 1000 {
		t.Fatalf("nothing happened:\n%s", want)
	}
	for seed := range uint64(20) {
		if diff := cmp.Diff(want, run(seed, seed%2 == 1)); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// FuzzParse: any file is refused with a list of problems, or its detectors run
// within their bounds.
func FuzzParse(f *testing.F) {
	for _, src := range pool {
		f.Add([]byte(src))
	}
	for _, b := range bombs {
		f.Add([]byte("name: b\nmatch: m\nwindow: 512\nscore: |\n  " + b.expr + "\n"))
	}
	shipped, _ := filepath.Glob("../../deploy/detectors/*.yaml")
	for _, file := range shipped {
		if src, err := os.ReadFile(file); err == nil {
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		ds, err := Parse("f.yaml", src)
		if err != nil {
			if p := (*Problems)(nil); !errors.As(err, &p) || len(p.List) == 0 || ds != nil {
				t.Fatalf("error %v with %d detectors", err, len(ds))
			}
			_ = err.Error()
			return
		}
		for _, d := range ds {
			_ = d.String()
			s, err := d.NewSeries(detect.Config{}, detect.Meta{}, series)
			if err != nil {
				t.Fatal(err)
			}
			with := make([]float64, len(d.with))
			r := rand.New(rand.NewPCG(1, 1))
			for i := range 40 {
				res := s.Step(int64(i)*60_000, odd(r), with)
				if math.IsNaN(res.Score) || math.IsNaN(res.Expected) || math.IsInf(res.Score, 0) {
					t.Fatalf("not finite: %+v", res)
				}
				if s.counts.MaxCost > 4*maxCost {
					t.Fatalf("cost %d", s.counts.MaxCost)
				}
				size := 0
				for _, v := range s.state {
					size += v.size()
				}
				if size > maxState || len(s.last.reason) > maxReason {
					t.Fatalf("state of %d bytes, reason of %d", size, len(s.last.reason))
				}
			}
			_ = s.Explain().String()
		}
	})
}

// FuzzExpression: any expression alone.
func FuzzExpression(f *testing.F) {
	for _, b := range bombs {
		f.Add(b.expr)
	}
	f.Add("value + window[0] * (labels.job == \"mail\" ? 1 : 2)")
	names := declaredFunctions()
	for _, n := range names {
		f.Add(n + "(window)")
	}
	env := fuzzEnv(f)
	f.Fuzz(func(t *testing.T, expr string) {
		x, problems := compile(env, text{s: expr}, "score", listElement, 16, names)
		if (x == nil) != (len(problems) > 0) {
			t.Fatalf("expression %v, problems %v", x != nil, problems)
		}
		if x == nil {
			return
		}
		in := &activation{d: &Detector{}, value: 1, n: 16, bar: 5, labels: labelsOf(series), window: numbers{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}}
		var first, second uint64
		a, errA := x.eval(in, &first)
		b, errB := x.eval(in, &second)
		if first != second || (errA == nil) != (errB == nil) {
			t.Fatalf("two runs cost %d and %d, errors %v and %v", first, second, errA, errB)
		}
		if errA == nil && fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("two runs gave %v and %v", a, b)
		}
	})
}
