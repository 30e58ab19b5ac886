package detect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
)

// lines decodes a file of one JSON value a line.
func jsonLines[T any](t *testing.T, path string) (out []T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for sc := bufio.NewScanner(bytes.NewReader(text)); sc.Scan(); {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// Distances as scipy 1.17.1 has them; testdata/histogram_oracle.py wrote the
// values and says what they are.
func TestShiftMatchesScipy(t *testing.T) {
	type oracle struct {
		Place, X, Y  []float64
		W1, Tail, KS float64
		KSP          float64 `json:"ks_p"`
		G            float64
		DF           int
		GP           float64 `json:"g_p"`
	}
	cases := jsonLines[oracle](t, "testdata/histogram_oracle.jsonl")
	if len(cases) < 20 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		var s HistogramSeries
		var x cells
		var y [histogramCells]float32
		n, m := 0.0, 0.0
		for i := range c.X {
			x[i], y[i] = float32(c.X[i]), float32(c.Y[i])
			n, m = n+c.X[i], m+c.Y[i]
			if i > 0 {
				s.gap[i-1] = float32(c.Place[i] - c.Place[i-1])
			}
		}
		var form histogramForm
		s.form(&form, &y, m, m)
		sh := s.compare(&x, n, n, &form)
		near(t, "W1", sh.w1, c.W1, 1e-5*(1+c.W1))
		near(t, "tail", sh.tail, c.Tail, 1e-4*(1+c.Tail))
		near(t, "D", sh.ks, c.KS, 1e-6)
		// The first term of the series is an upper bound of p, tight where p is small.
		if p := math.Pow(10, -ksEvidence(sh.ks, n*m/(n+m))); c.KSP > 1e-300 && p < c.KSP*(1-1e-6) || (c.KSP < .01 && c.KSP > 1e-300 && p > c.KSP*1.001) {
			t.Errorf("KS p = %g, scipy %g", p, c.KSP)
		}
		g, df := gTest(&x, n, n, &y, m, m)
		near(t, "G", g, c.G, 1e-5*(1+c.G))
		if df != c.DF {
			t.Errorf("df = %d, scipy %d", df, c.DF)
		}
		if c.GP > 1e-290 {
			near(t, "evidence of G", chiEvidence(g, df), -math.Log10(c.GP), 1e-4*(1-math.Log10(c.GP)))
		}
	}
}

// Where the incomplete gamma function underflows its leading term takes over:
// scipy.stats.chi2.logsf(2000, 10)/log(10) = -425.2386..., and no jump between.
func TestChiEvidenceFar(t *testing.T) {
	near(t, "chi2(2000, 10)", chiEvidence(2000, 10), 423.735, .5)
	for _, df := range []int{1, 10, 79} {
		last := 0.0
		for x := 1.0; x < 4000; x++ {
			e := chiEvidence(x, df)
			if e < last || e > last+1 {
				t.Fatalf("df %d: evidence %v at %v after %v", df, e, x, last)
			}
			last = e
		}
	}
}

// Quantiles of histograms whose cells are their buckets, as
// promql.HistogramQuantile of Prometheus v0.315.0 gives them: exponential
// buckets of four schemas with and without a zero bucket, custom buckets with
// bounds above, at and below zero.
func TestQuantilesMatchPromQL(t *testing.T) {
	type oracle struct {
		Schema, Offset int32
		Zero           float64
		Bounds         []float64
		Buckets        []float64
		P50, P90, P99  float64
	}
	cases := jsonLines[oracle](t, "testdata/histogram_quantiles.jsonl")
	if len(cases) < 30 {
		t.Fatalf("%d cases", len(cases))
	}
	for i, c := range cases {
		h := &histogram.FloatHistogram{Schema: c.Schema, CustomValues: c.Bounds, ZeroCount: c.Zero, ZeroThreshold: 1e-128,
			PositiveSpans: []histogram.Span{{Offset: c.Offset, Length: uint32(len(c.Buckets))}}, PositiveBuckets: c.Buckets}
		if c.Bounds != nil {
			h.ZeroThreshold = 0
		}
		s := newHistogram(t, Config{})
		s.Step(minute, h)
		var x [histogramCells]float32
		sum := 0.0
		for i, v := range s.cur {
			x[i] = float32(v)
			sum += v
		}
		var got [3]float32
		s.s.Grid.quantiles(&x, sum, &got)
		for k, want := range []float64{c.P50, c.P90, c.P99} {
			want = min(want, math.MaxFloat32) // What a picture can hold.
			if math.Abs(float64(got[k])-want) > 1e-5*math.Abs(want)+1e-30 {
				t.Errorf("case %d (schema %d, zero %v, bounds %v): %s = %v, PromQL %v", i, c.Schema, c.Zero, c.Bounds, picturedName[k], got[k], want)
			}
		}
	}
}
