package detect

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// beats is a train of heartbeats with noise: one sharp and one round wave per
// 80 samples. Beat wrong, if any, is upside down in time: the same values in
// reverse, so level, range and moves are as usual.
func beats(n, wrong int) []float64 {
	r := rand.New(rand.NewPCG(3, 9))
	wave := func(i int) float64 {
		a, b := float64(i-15)/4, float64(i-50)/12
		return 10*math.Exp(-a*a) + 4*math.Exp(-b*b)
	}
	out := make([]float64, n)
	for i := range out {
		k := i % 80
		if i/80 == wrong {
			k = 79 - k
		}
		out[i] = wave(k) + .1*r.NormFloat64()
	}
	return out
}

// peakOf runs the samples and returns the row of the highest score after
// from, and whether it was told as a matter of shape.
func peakOf(t *testing.T, shape bool, values []float64, from int) (row int, kind Kind) {
	t.Helper()
	s, err := New(Config{Open: 1000, Shape: shape}, Meta{Kind: MetricGauge})
	if err != nil {
		t.Fatal(err)
	}
	top := -1.0
	for i, v := range values {
		r := s.Step(int64(i)*minute, v)
		if i >= from && r.Score > top {
			top, row, kind = r.Score, i, r.Kind
		}
	}
	return row, kind
}

func TestShapeFindsAReversedBeat(t *testing.T) {
	const wrong = 90
	row, kind := peakOf(t, true, beats(8000, wrong), 3000)
	if row < wrong*80 || row > wrong*80+80+256 || kind != KindShape {
		t.Errorf("the highest score is at row %d, kind %v; want shape near rows %d to %d", row, kind, wrong*80, wrong*80+79)
	}
	if _, kind := peakOf(t, false, beats(8000, wrong), 3000); kind == KindShape {
		t.Error("a shape was told by a series without the member")
	}
}

// Without the option nothing changes, with it evidence can only be added.
func TestShapeOnlyAdds(t *testing.T) {
	with, err := New(Config{Shape: true}, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	without, err := New(Config{}, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range beats(6000, 50) {
		a, b := with.Step(int64(i)*minute, v), without.Step(int64(i)*minute, v)
		if a.Score < b.Score {
			t.Fatalf("row %d scores %v with the shape, %v without", i, a.Score, b.Score)
		}
	}
}

func TestShapeCheckpoint(t *testing.T) {
	cfg := Config{Open: 1000, Shape: true}
	values := beats(8000, 90)
	a, err := New(cfg, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values[:5003] {
		a.Step(int64(i)*minute, v)
	}
	state := a.AppendState(nil)
	b, err := Restore(cfg, Meta{}, state)
	if err != nil {
		t.Fatal(err)
	}
	for i := 5003; i < len(values); i++ {
		if x, y := a.Step(int64(i)*minute, values[i]), b.Step(int64(i)*minute, values[i]); x != y {
			t.Fatalf("row %d: %+v, restored %+v", i, x, y)
		}
	}
	if !bytes.Equal(a.AppendState(nil), b.AppendState(nil)) {
		t.Error("the restored series ended in another state")
	}
	if _, err := Restore(Config{Open: 1000}, Meta{}, state); err == nil {
		t.Error("a state with a shape was restored without one")
	}
	damaged := *a.form
	damaged.Books[0].Len = shapeForms + 1
	c := *a
	c.form = &damaged
	if _, err := Restore(cfg, Meta{}, c.AppendState(nil)); err == nil {
		t.Error("a book of too many forms was restored")
	}
}

// The price named in Config.Shape.
func TestShapeCost(t *testing.T) {
	if size := reflect.TypeFor[shape]().Size(); size > 4_800 {
		t.Errorf("the shape takes %d bytes", size)
	}
	s, err := New(Config{Shape: true}, Meta{Kind: MetricGauge})
	if err != nil {
		t.Fatal(err)
	}
	values := beats(4096, 20)
	i := 0
	if n := testing.AllocsPerRun(2000, func() { s.Step(int64(i)*minute, values[i&4095]); i++ }); n > 0 {
		t.Errorf("%v allocations a sample", n)
	}
}

// Flat and extreme values give no NaN and no panic.
func TestShapeOfExtremes(t *testing.T) {
	s, err := New(Config{Shape: true}, Meta{Kind: MetricGauge})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		v := 0.0
		if i > 5000 {
			v = []float64{0, 1e30, -1e30, 1e-30, 1e29 * r.NormFloat64()}[r.IntN(5)]
		}
		if x := s.Step(int64(i)*minute, v); math.IsNaN(x.Score) || math.IsInf(x.Score, 0) {
			t.Fatalf("row %d scores %v", i, x.Score)
		}
	}
}
