package conformance

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// The world: three services with a day behind them, each deployed an hour ago
// by Argo Rollouts and by Flagger. What they show is the same in both.
//
//	healthy   the canary behaves like the stable version
//	sick      the canary fails ten times as many requests
//	silent    the canary sends nothing
//
// Both sides share a load that comes and goes, as versions behind one balancer
// do. The pods are named as the two controllers name them.

var services = []string{"healthy", "sick", "silent"}

const (
	stableHash = "5f7b8c6d94"
	canaryHash = "6c54544bf9"

	scrape   = 30 * time.Second
	past     = 25 * time.Hour
	deployed = 61 * time.Minute // Before now.
)

// series is one series of the world and how it goes on.
type series struct {
	labels [][2]string
	from   time.Time
	next   func(load float64) float64
}

// pods lists who is there: namespace argo or flagger.
func pods(service string) (stable, canary map[string][]string) {
	return map[string][]string{
			"argo":    {service + "-" + stableHash + "-aaaaa", service + "-" + stableHash + "-bbbbb", service + "-" + stableHash + "-ccccc"},
			"flagger": {service + "-primary-77d5b9-aaaaa", service + "-primary-77d5b9-bbbbb", service + "-primary-77d5b9-ccccc"},
		}, map[string][]string{
			"argo":    {service + "-" + canaryHash + "-ddddd"},
			"flagger": {service + "-85c5d4-ddddd"},
		}
}

// world makes the series, in a fixed order.
func world(now time.Time) []series {
	rng := rand.New(rand.NewPCG(7, 11))
	var out []series
	for _, service := range services {
		stable, canary := pods(service)
		for _, namespace := range []string{"argo", "flagger"} {
			for _, pod := range stable[namespace] {
				out = append(out, podSeries(rng, namespace, pod, now.Add(-past), 1)...)
			}
			for _, pod := range canary[namespace] {
				worse := map[string]float64{"sick": 10}[service]
				if service != "silent" {
					out = append(out, podSeries(rng, namespace, pod, now.Add(-deployed), max(1, worse))...)
				}
			}
		}
	}
	return out
}

// podSeries are what one pod exposes: requests by code, and memory.
func podSeries(rng *rand.Rand, namespace, pod string, from time.Time, worse float64) []series {
	named := func(name string, more ...[2]string) [][2]string {
		return append(append([][2]string{{"__name__", name}}, more...), [2]string{"namespace", namespace}, [2]string{"pod", pod})
	}
	counter := func(rate func(load float64) float64) func(float64) float64 {
		total := 0.0
		return func(load float64) float64 {
			mean := rate(load)
			total += math.Max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
			return total
		}
	}
	return []series{
		{named("http_requests_total", [2]string{"code", "200"}), from, counter(func(load float64) float64 { return 3000 * load })},
		{named("http_requests_total", [2]string{"code", "500"}), from, counter(func(load float64) float64 { return 30 * load * load * worse })},
		{named("process_resident_memory_bytes"), from, func(load float64) float64 { return 2e8 * (1 + 0.2*load + 0.005*rng.NormFloat64()) }},
	}
}

// writeWorld sends the world by Prometheus remote write, half an hour at a time
// since samples come in the order of time.
func writeWorld(now time.Time) error {
	all := world(now)
	rng := rand.New(rand.NewPCG(3, 5))
	level := 0.0
	for at := now.Add(-past); at.Before(now); {
		end := at.Add(30 * time.Minute)
		samples := make([][]byte, len(all))
		for ; at.Before(end) && at.Before(now); at = at.Add(scrape) {
			level = 0.9*level + 0.3*rng.NormFloat64()
			day := at.Sub(now).Hours() / 24 // The same load whenever the test runs.
			load := math.Exp(0.3*level + 0.3*math.Sin(2*math.Pi*day))
			for i := range all {
				if !at.Before(all[i].from) {
					samples[i] = appendSample(samples[i], all[i].next(load), at.UnixMilli())
				}
			}
		}
		var body []byte
		for i := range all {
			if len(samples[i]) > 0 {
				body = protowire.AppendTag(body, 1, protowire.BytesType)
				body = protowire.AppendBytes(body, append(appendLabels(nil, all[i].labels), samples[i]...))
			}
		}
		if err := remoteWrite(body); err != nil {
			return err
		}
	}
	return nil
}

// Prometheus's WriteRequest: timeseries = 1 {labels = 1 {name = 1, value = 2},
// samples = 2 {value = 1, timestamp = 2}}.

func appendLabels(b []byte, labels [][2]string) []byte {
	for _, l := range labels {
		var one []byte
		for i, s := range l {
			one = protowire.AppendString(protowire.AppendTag(one, protowire.Number(i+1), protowire.BytesType), s)
		}
		b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), one)
	}
	return b
}

func appendSample(b []byte, v float64, ms int64) []byte {
	one := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(v))
	one = protowire.AppendVarint(protowire.AppendTag(one, 2, protowire.VarintType), uint64(ms))
	return protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), one)
}

func remoteWrite(body []byte) error {
	req, err := http.NewRequest("POST", base+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode/100 != 2 {
		text, _ := io.ReadAll(r.Body) // What there is of an explanation.
		return fmt.Errorf("cannot write samples: %s: %s", r.Status, text)
	}
	return nil
}
