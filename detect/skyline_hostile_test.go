package detect

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A checkpoint anywhere in a hostile series continues it to the bit.
func TestSkylineCheckpoint(t *testing.T) {
	names := slices.Sorted(maps.Keys(skylineBodies))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "body")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		cfg := Config{Profile: ProfileSkyline, Skyline: SkylineConfig{FullDuration: time.Hour, SecondOrder: rapid.Bool().Draw(t, "second")}}
		if rapid.Bool().Draw(t, "corrected") {
			cfg.Skyline = cfg.Skyline.Corrected()
		}
		whole, err := New(cfg, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		part, cut, at := whole, rapid.IntRange(0, 300).Draw(t, "cut"), int64(0)
		odd := rapid.Bool().Draw(t, "odd times")
		for i := range cut + 100 {
			if i == cut {
				if part, err = Restore(cfg, Meta{}, whole.AppendState(nil)); err != nil {
					t.Fatal(err)
				}
			}
			if at += 20_000; odd {
				at += r.Int64N(9_000)
			}
			v := skylineBodies[name](r, i)
			a := whole.Step(at, v)
			if i < cut {
				continue
			}
			if b := part.Step(at, v); a != b {
				t.Fatalf("%s, step %d: restored gives %+v, uninterrupted %+v", name, i, b, a)
			}
		}
		if !bytes.Equal(whole.AppendState(nil), part.AppendState(nil)) {
			t.Fatalf("%s: checkpoints differ", name)
		}
	})
}

// Whatever comes in, the votes are those of the whole window, and nothing but
// numbers comes out.
func FuzzSkyline(f *testing.F) {
	f.Add([]byte("\x00\x3c\x40\x59\x00\x00\x00\x3c\x40\x5a\x00\x00\x00\x3c\x7e\x37\xe4\x3c"), byte(0))
	f.Add([]byte("\x00\x0a\x00\x00\x00\x01\xff\xff\x00\x00\x00\x02\x00\x00\x7f\xf0\x00\x00"), byte(3))
	f.Fuzz(func(t *testing.T, in []byte, mode byte) {
		cfg := SkylineConfig{FullDuration: []time.Duration{time.Hour, 24 * time.Hour, 31 * 24 * time.Hour}[mode>>1%3], BoredomSet: 1 + int(mode>>4%3)}
		if mode&1 == 1 {
			cfg = cfg.Corrected()
		}
		s := series(t, Config{Profile: ProfileSkyline, Skyline: cfg}, Meta{Kind: MetricGauge})
		at := int64(1.7e12)
		for i := 0; len(in) >= 6; i++ {
			at += 1000 * int64(int16(binary.BigEndian.Uint16(in)))
			if in[0] == 0x7f {
				at <<= 9
			}
			v := math.Float64frombits(uint64(binary.BigEndian.Uint32(in[2:])) << 32)
			in = in[6:]
			checkResult(t, i, s.Step(at, v))
			if i%9 == 8 {
				checkResult(t, i, s.Tick(at+int64(i)*1000))
			}
			if k := s.sky; k.time.n > 0 && k.skip == skipNone {
				if d := cmp.Diff(batch(k), k.votes, cmp.AllowUnexported(vote{})); d != "" {
					t.Fatalf("step %d, %d points: votes of the whole window and of the stream:\n%s\n%v", i, k.time.n, d, k.window())
				}
			}
		}
		_ = s.Explain().String()
	})
}
