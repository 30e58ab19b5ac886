package canary

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchRequest is 1,000 metrics of 60 + 60 samples, with a day of history each
// or none.
func benchRequest(history int) Request {
	rng := rand.New(rand.NewPCG(3, 4))
	draw := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = 100 + rng.NormFloat64()
		}
		return v
	}
	var req Request
	for i := range 1000 {
		m := Metric{Name: fmt.Sprint("metric ", i), Baseline: draw(60), Canary: draw(60)}
		if history > 0 {
			m.History = &History{Baseline: draw(history), Canary: draw(history)}
		}
		req.Metrics = append(req.Metrics, m)
	}
	return req
}

func BenchmarkJudge(b *testing.B) {
	for _, h := range []int{0, 1440} {
		b.Run(fmt.Sprintf("metrics=1000/history=%d", h), func(b *testing.B) {
			req := benchRequest(h)
			b.ReportAllocs()
			for b.Loop() {
				Judge(req)
			}
		})
	}
}

func BenchmarkParseRequest(b *testing.B) {
	var data []byte
	data = append(data, `{"metrics":[`...)
	for i := range 1000 {
		if i > 0 {
			data = append(data, ',')
		}
		data = fmt.Appendf(data, `{"name":"m%d","baseline":[1.5`, i)
		for j := range 59 {
			data = fmt.Appendf(data, ",%g", float64(j)*1.25)
		}
		data = append(data, `],"canary":[1,2,3]}`...)
	}
	data = append(data, `]}`...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRequest(data); err != nil {
			b.Fatal(err)
		}
	}
}
