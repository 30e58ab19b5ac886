package change

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A stream with steps tells each once, near where it is.
func TestStreamTellsAChangeOnce(t *testing.T) {
	for _, d := range []float64{1.5, 2, 3, 10, 1000} {
		for _, block := range []int{1, 10} {
			r := rand.New(rand.NewPCG(uint64(block), math.Float64bits(d)))
			s := NewStream(240, 30, block, 0.9999)
			var at []uint64
			for i := range 4000 {
				x := r.NormFloat64()
				if i/500%2 == 1 {
					x += d
				}
				if cp := s.Push(x); cp != nil {
					at = append(at, cp.Position)
					if got := s.Window()[cp.Index]; got != s.Window()[len(s.Window())-int(s.used-cp.Position)] {
						t.Errorf("index %d and position %d are not the same sample", cp.Index, cp.Position)
					}
				}
			}
			if len(at) != 7 {
				t.Errorf("steps of %g, block %d: told at %v, want 7 changes", d, block, at)
				continue
			}
			for i, p := range at {
				if off := math.Abs(float64(p) - float64(500*(i+1))); off > 2+30/d {
					t.Errorf("step of %g, block %d: told at %d, want %d", d, block, p, 500*(i+1))
				}
			}
		}
	}
}

// A compatible stream waits for its window and repeats a rise while it is in it.
func TestCompatibleStreamRepeats(t *testing.T) {
	s := NewStreamConfig(StreamConfig{Detector: Detector{MinSampleSize: 30, MinConfidence: 0.99999, Compatible: true}, WindowSize: 240, BlockSize: 10})
	r := rand.New(rand.NewPCG(4, 4))
	told, first := 0, 0
	for i, x := range step(r, 2000, 100, 5) {
		if cp := s.Push(x); cp != nil {
			if told++; first == 0 {
				first = i + 1
			}
		}
	}
	// Looks at 240, 250, ..., 310: at 310 the window starts 30 before the step.
	if first != 240 || told < 7 || told > 9 {
		t.Errorf("told %d times, first after %d samples; want about 8, after 240", told, first)
	}
}

// The false changes of a stream of noise with a look a minute: go-change's are
// 1.7 a day at this confidence.
func TestStreamOnNoise(t *testing.T) {
	const days = 40
	episodes := func(compatible bool) float64 {
		s := NewStreamConfig(StreamConfig{
			Detector:   Detector{MinSampleSize: 30, MinConfidence: 0.999, Compatible: compatible},
			WindowSize: 240,
		})
		r := rand.New(rand.NewPCG(9, 9))
		n, last := 0, -1000
		for i := range days * 1440 {
			if s.Push(r.NormFloat64()) != nil {
				if i-last > 1 {
					n++
				}
				last = i
			}
		}
		return float64(n) / days
	}
	got, was := episodes(false), episodes(true)
	t.Logf("false changes a day at .999: %.2f, compatible mode %.2f", got, was)
	if got > 0.5 || was < 1 || was > 2.5 {
		t.Errorf("false changes a day: %.2f, want at most 0.5; compatible mode %.2f, want about 1.7", got, was)
	}
}

func TestStreamSkips(t *testing.T) {
	s := NewStream(60, 10, 1, 0.999)
	for i := range 200 {
		s.Push(math.NaN())
		s.Push(math.Inf(1 - 2*(i%2)))
		if cp := s.Push(float64(i/100) + float64(i%2)/100); cp != nil && cp.Position != 100 {
			t.Errorf("change at %d, want 100", cp.Position)
		}
	}
	if s.Skipped() != 400 || len(s.Window()) != 60 {
		t.Errorf("skipped %d, window of %d; want 400, 60", s.Skipped(), len(s.Window()))
	}
}

// The window is always the last samples, in order.
func TestStreamWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewStream(rapid.IntRange(0, 50).Draw(t, "window"), rapid.IntRange(2, 9).Draw(t, "min"), rapid.IntRange(0, 20).Draw(t, "block"), 1)
		var all []float64
		for i := range rapid.IntRange(0, 300).Draw(t, "samples") {
			all = append(all, float64(i*i%97))
			s.Push(all[i])
			if want := all[max(0, len(all)-s.size):]; !slices.Equal(s.Window(), want) {
				t.Fatalf("window %v, want %v", s.Window(), want)
			}
		}
	})
}

func TestPushDoesNotAllocate(t *testing.T) {
	s := NewStream(240, 30, 10, 0.999)
	r := rand.New(rand.NewPCG(2, 2))
	if n := testing.AllocsPerRun(5000, func() { s.Push(r.NormFloat64()) }); n != 0 {
		t.Errorf("%v allocations a sample", n)
	}
	w := s.Window()
	if n := testing.AllocsPerRun(100, func() { Instant(w) }); n != 0 {
		t.Errorf("%v allocations an instant", n)
	}
}

func BenchmarkPush(b *testing.B) {
	for _, c := range []struct {
		name          string
		window, block int
	}{{"window 240, block 10", 240, 10}, {"window 240, block 1", 240, 1}, {"window 1440, block 10", 1440, 10}} {
		b.Run(c.name, func(b *testing.B) {
			s := NewStream(c.window, 30, c.block, 0.999)
			r := rand.New(rand.NewPCG(1, 1))
			x := make([]float64, 4096)
			for i := range x {
				x[i] = r.NormFloat64()
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Push(x[i&4095])
			}
		})
	}
}

func BenchmarkInstant(b *testing.B) {
	w := step(rand.New(rand.NewPCG(1, 1)), 60, 40, 3)
	b.ReportAllocs()
	for b.Loop() {
		Instant(w)
	}
}
