package sim

// A service and its pods. Each pod has what a real one exports: requests by
// code, a latency histogram, CPU, memory and requests in flight. All are drawn
// from one rate and one latency distribution, so they move together.

import (
	"fmt"
	"math"
)

// service is one of the twelve.
type service struct {
	c       *Company
	cast    serviceCast
	index   int
	traffic drift
	slow    drift
	pods    []*pod
	queue   int
	cache   int
	deploys int
	stream  uint64
	native  *native
}

// pod is one process of a service.
type pod struct {
	track   string
	weight  float64 // Share of the service's traffic while no canary runs.
	bias    float64 // On latency: no two machines are alike.
	from    int64   // Runs from here on, milliseconds since the start; -1 from ever.
	restart int64   // Starts again at this instant; 0 never.
	stream  uint64
	first   int // Index of its first series; the rest follow in the order below.

	count   [3]float64 // Requests by code.
	bucket  [8]float64 // Cumulative over time, not over buckets.
	seconds float64
	cpu     float64
}

var codes = [3]string{"200", "404", "500"}

// The order of a pod's series.
const (
	podCodes    = 0
	podBuckets  = 3
	podSum      = 11
	podCount    = 12
	podCPU      = 13
	podMemory   = 14
	podInFlight = 15
)

// canaryShare is the traffic of the canary, and of the baseline, each.
const canaryShare = .1

func (c *Company) newService(i int) *service {
	s := &service{c: c, cast: services[i], index: i}
	s.traffic = c.newDrift(.03, .9)
	s.slow = c.newDrift(.03, .8)
	s.stream = c.newStream()
	version := "v1"
	for p := range s.cast.pods {
		s.addPod(fmt.Sprintf("%s-%d", s.cast.name, p+1), "stable", version, 1/float64(s.cast.pods), -1)
	}
	if s.cast.name == "catalog" { // One process dies once: its counters start again.
		s.restart(s.pods[1], 2*day+7*hour)
	}
	for _, d := range c.o.Scenario.Deploys {
		if d.Service == s.cast.name && d.Track == "canary" {
			s.addPod(s.cast.name+"-baseline-1", "baseline", version, canaryShare, d.At)
			s.addPod(s.cast.name+"-canary-1", "canary", d.Version, canaryShare, d.At)
		}
	}
	s.queue = c.add(Gauge, "", "queue_depth", "service", s.cast.name)
	s.cache = c.add(Gauge, "", "cache_hit_ratio", "service", s.cast.name)
	s.deploys = c.add(Gauge, "a deploy is a marker, not a symptom", "deployment_generation", "service", s.cast.name)
	s.native = c.newNative(s.cast.name)
	return s
}

func (s *service) addPod(name, track, version string, weight float64, from int64) {
	c := s.c
	p := &pod{track: track, weight: weight, from: from, stream: c.newStream(), first: len(c.series)}
	c.stream += 15 // A pod draws from sixteen streams.
	p.bias = 1 + .02*c.noise.normal(p.stream, math.MaxUint64)
	who := []string{"service", s.cast.name, "pod", name, "track", track, "version", version}
	with := func(more ...string) []string { return append(append([]string(nil), who...), more...) }
	for _, code := range codes {
		c.add(Counter, "", "http_requests_total", with("code", code)...)
	}
	for _, le := range bucketNames {
		c.add(Counter, "", "http_request_duration_seconds_bucket", with("le", le)...)
	}
	c.add(Counter, "", "http_request_duration_seconds_sum", who...)
	c.add(Counter, "", "http_request_duration_seconds_count", who...)
	c.add(Counter, "", "process_cpu_seconds_total", who...)
	c.add(Gauge, "", "process_resident_memory_bytes", who...)
	c.add(Gauge, "", "http_requests_in_flight", who...)
	s.pods = append(s.pods, p)
}

// restart plans a reset of a pod's counters.
func (s *service) restart(p *pod, at int64) {
	if at > s.c.o.Scenario.History {
		return
	}
	p.restart = at
	for i := p.first; i <= p.first+podCPU; i++ {
		s.c.series[i].Resets = []int64{s.c.o.Start + at}
	}
}

// live lets the service live through one step that ends at t.
func (s *service) live(k uint64, t int64, load float64) {
	c := s.c
	since := t - c.o.Start
	middle := since - c.o.Step/2 // A step's counts speak of the time before t.
	rate := s.cast.rate * load * math.Exp(s.traffic.at(c.noise, k)) * c.surge(s.cast.name, middle)
	median := s.cast.median * (1 + .25*load*load) * math.Exp(s.slow.at(c.noise, k))
	hit := c.spread(s.index, middle)
	sick := c.canary(s.cast.name, middle)

	stable := 1.0
	for _, p := range s.pods {
		if p.from >= 0 && since > p.from {
			stable -= p.weight
		}
	}
	total, waiting := 0.0, 0.0
	for _, p := range s.pods {
		if p.from >= 0 && since <= p.from {
			p.absent(c)
			continue
		}
		share, e := p.weight, hit
		if p.from < 0 {
			share *= stable
		}
		if p.track == "canary" {
			e.errors += sick.errors
			e.latency *= sick.latency
		}
		n := p.work(c, k, rate*share, median*p.bias*e.latency, math.Min(1, s.cast.errors+e.errors))
		p.machine(c, k, since, rate*share, median*e.latency)
		total += n
		waiting += rate * share * median * e.latency
	}
	c.values[s.queue] = math.Round(waiting*(.4+.1*c.noise.normal(s.stream, k)) + 3*math.Abs(c.noise.normal(s.stream+1<<20, k)))
	c.values[s.cache] = round(.94 - .03*load + .004*c.noise.normal(s.stream+2<<20, k))
	c.values[s.deploys] = s.generation(since)
	s.native.live(k, total, median*hit.latency)
}

// generation counts the deploys so far.
func (s *service) generation(since int64) float64 {
	g := 1.0
	for _, d := range s.c.o.Scenario.Deploys {
		if d.Service == s.cast.name && since >= d.At {
			g++
		}
	}
	return g
}

// absent writes no samples: the pod does not run.
func (p *pod) absent(c *Company) {
	for i := p.first; i <= p.first+podInFlight; i++ {
		c.values[i] = math.NaN()
	}
}

// work draws the requests of one step and books them; it returns their number.
func (p *pod) work(c *Company, k uint64, rate, median, errors float64) float64 {
	if p.restart > 0 && int64(k)*c.o.Step >= p.restart {
		p.count, p.bucket, p.seconds, p.cpu, p.restart = [3]float64{}, [8]float64{}, 0, 0, 0
	}
	n := c.noise.poisson(p.stream, k, rate*c.dt)
	failed := c.noise.binomial(p.stream+1, k, n, errors)
	missing := c.noise.binomial(p.stream+2, k, n-failed, .004)
	p.count[0] += n - failed - missing
	p.count[1] += missing
	p.count[2] += failed
	for i, x := range p.count {
		c.values[p.first+podCodes+i] = x
	}

	left, below := n, 0.0
	logMedian := math.Log(median)
	for i := range buckets {
		under := phi((logBuckets[i] - logMedian) / latencySpread)
		in := c.noise.binomial(p.stream+3+uint64(i), k, left, (under-below)/math.Max(1e-12, 1-below))
		p.bucket[i] += in
		left -= in
		below = under
	}
	p.bucket[7] += left
	sum := 0.0
	for i, x := range p.bucket {
		sum += x
		c.values[p.first+podBuckets+i] = sum
	}
	mean := median * math.Exp(latencySpread*latencySpread/2)
	if n > 0 {
		p.seconds += n * mean * math.Max(.2, 1+.5*c.noise.normal(p.stream+11, k)/math.Sqrt(n))
	}
	c.values[p.first+podSum] = round(p.seconds)
	c.values[p.first+podCount] = sum
	return n
}

// machine writes what the pod's process uses. CPU follows the requests, not
// their waiting, so it stays calm in an incident of waiting.
func (p *pod) machine(c *Company, k uint64, since int64, rate, latency float64) {
	p.cpu += c.dt * (.02 + .004*rate) * math.Max(.1, 1+.05*c.noise.normal(p.stream+12, k))
	c.values[p.first+podCPU] = round(p.cpu)
	period := 5*hour + int64(p.stream%7)*20*minute
	phase := float64(since%period) / float64(period)
	c.values[p.first+podMemory] = math.Round((180 + 60*phase + 2*c.noise.normal(p.stream+13, k)) * (1 << 20))
	busy := rate * latency
	c.values[p.first+podInFlight] = c.noise.poisson(p.stream+14, k, busy)
}

var logBuckets = func() (out [7]float64) {
	for i, b := range buckets {
		out[i] = math.Log(b)
	}
	return out
}()

// phi is the standard normal distribution function.
func phi(x float64) float64 { return .5 * math.Erfc(-x/math.Sqrt2) }
