package canary

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"

	"github.com/bellwether-ts/bellwether/metric"
)

func FuzzParseRequest(f *testing.F) {
	for _, s := range []string{
		`{"metrics":[{"name":"a","baseline":[1,2,"NaN"],"canary":[1,2,3],"kind":"count"}],"policy":{"looks":3,"look":1}}`,
		`{"metrics":[{"nmae":"a"}]}`, `{"metrics":null}`, `[]`, `{"metrics":[{"name":"a","baseline":[1e999],"canary":[]}]}`,
		`{"metrics":[{"name":"a","baseline":[1],"canary":[1],"history":{"baseline":[1],"canary":[]}}]}`,
		`{"metrics":[{"name":"h","kind":"histogram","distribution":{"bounds":[1,2],"baseline":[[1,2,3],null],"canary":[[4,5,6],[]]}}],"gates":[{"objective":"o","burn":"NaN","limit":1}]}`,
		`{"metrics":[{"name":"s","baseline":[1,2],"canary":[2,1],"exposure":0.1,"shards":{"baseline":[[1,2]],"canary":[[2],[3]],"canary_names":["a","b"]}}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		req, err := ParseRequest(data)
		if err != nil {
			return
		}
		for _, name := range Judges() {
			v, err := JudgeNamed(name, req)
			if err != nil {
				continue
			}
			if out, err := json.Marshal(v); err != nil || !json.Valid(out) {
				t.Fatalf("judge %s: bad JSON %s (%v)", name, out, err)
			}
		}
	})
}

// FuzzJudge feeds arbitrary bits as samples: no panic, valid JSON, and no PASS
// for a side without a finite sample.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, uint8(0), 0.0)
	f.Add(make([]byte, 8*40), uint8(5), 1e-300)
	f.Fuzz(func(t *testing.T, data []byte, mode uint8, margin float64) {
		var all []float64
		for i := 0; i+8 <= len(data) && i < 8*400; i += 8 {
			all = append(all, math.Float64frombits(binary.LittleEndian.Uint64(data[i:])))
		}
		cut := len(all) / 2
		m := Metric{Name: "m", Baseline: all[:cut], Canary: all[cut:], MinEffect: margin,
			Kind:      []Kind{Gauge, Count, Ratio, "?"}[mode%4],
			Direction: []Direction{Increase, Decrease, Either, ""}[mode/4%4]}
		if mode > 128 {
			m.History = &History{Baseline: all[:cut], Canary: all[len(all)-cut:]}
		}
		finite := len(metric.Finite(m.Baseline)) > 0 && len(metric.Finite(m.Canary)) > 0
		for _, name := range Judges() {
			v, err := JudgeNamed(name, Request{Metrics: []Metric{m}})
			if err != nil {
				t.Fatal(err)
			}
			if v.Verdict == Pass && !finite {
				t.Fatalf("judge %s passes without data", name)
			}
			if out, err := json.Marshal(v); err != nil || !json.Valid(out) {
				t.Fatalf("judge %s: bad JSON %s (%v)", name, out, err)
			}
			_ = v.Text()
		}
	})
}
