package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/bellwether-ts/bellwether/bench/detection/soak"
	"github.com/bellwether-ts/bellwether/detect"
)

// A scenario is a day of a healthy metric and a fault. The thirteen are those
// on which Etsy Skyline was measured: four bases, fifteen seeds, 1440 points of
// history.
type scenario struct {
	name  string
	from  int // Minute of the day of the first sample, so that the fault comes at peak or trough.
	kind  detect.MetricKind
	short bool // The fault is one sample.
	base  func(r *rand.Rand, minute int) float64
	fault func(r *rand.Rand, healthy, last float64) float64
	power func(p float64) float64 // Of the best test of three samples with a false alarm rate of p a sample.
}

const (
	scenarioSeeds   = 15
	scenarioHistory = 1440
	scenarioLasts   = 180
	scenarioAfter   = 60
)

// noise and the others are the bases: 100 +- 10; mean 100, amplitude 60, sigma
// 5 with its trough at midnight; .99 +- .003; a counter of 2 a second; counts.
func noise(r *rand.Rand, _ int) float64 { return 100 + 10*r.NormFloat64() }
func diurnal(r *rand.Rand, m int) float64 {
	return 100 - 60*math.Cos(2*math.Pi*float64(m%1440)/1440) + 5*r.NormFloat64()
}
func ratio(r *rand.Rand, _ int) float64    { return .99 + .003*r.NormFloat64() }
func requests(r *rand.Rand, _ int) float64 { return draw(r, 120) }
func counts(r *rand.Rand, _ int) float64   { return draw(r, 2) }

// draw returns a Poisson count.
func draw(r *rand.Rand, mean float64) float64 { return distuv.Poisson{Lambda: mean, Src: r}.Rand() }

// The best test knows the noise, the fault and its size: Neyman and Pearson.
// Over three samples it may spend three times the false alarms of one.
func shiftPower(size float64) func(p float64) float64 {
	return func(p float64) float64 {
		return distuv.UnitNormal.Survival(distuv.UnitNormal.Quantile(1-3*p) - math.Sqrt(3)*size)
	}
}

// once is the best test of a single sample.
func once(size float64) func(p float64) float64 {
	return func(p float64) float64 {
		return distuv.UnitNormal.Survival(distuv.UnitNormal.Quantile(1-p) - size)
	}
}

func scalePower(times float64) func(p float64) float64 {
	return func(p float64) float64 {
		chi := distuv.ChiSquared{K: 3}
		return chi.Survival(chi.Quantile(1-3*p) / times / times)
	}
}

func countPower(p float64) float64 {
	usual, fault := distuv.Poisson{Lambda: 6}, distuv.Poisson{Lambda: 36}
	c := 6.0
	for usual.Survival(c) > 3*p {
		c++
	}
	return fault.Survival(c)
}

func certain(float64) float64 { return 1 }

func scenarios() []scenario {
	add := func(by float64) func(*rand.Rand, float64, float64) float64 {
		return func(_ *rand.Rand, v, _ float64) float64 { return v + by }
	}
	times := func(by float64) func(*rand.Rand, float64, float64) float64 {
		return func(_ *rand.Rand, v, _ float64) float64 { return by * v }
	}
	stuck := func(_ *rand.Rand, _, last float64) float64 { return last }
	const peak, trough = 720, 0 // Minute of the day at which history ends.
	return []scenario{
		{name: "noise: one spike +8 sigma", short: true, base: noise, fault: add(80), power: once(8)},
		{name: "noise: shift +3 sigma", base: noise, fault: add(30), power: shiftPower(3)},
		{name: "noise: shift +6 sigma", base: noise, fault: add(60), power: shiftPower(6)},
		{name: "noise: drop to 0", base: noise, fault: times(0), power: certain},
		{name: "noise: sigma x5", base: noise, fault: func(_ *rand.Rand, v, _ float64) float64 { return 100 + 5*(v-100) }, power: scalePower(5)},
		{name: "noise: stuck at the last value", base: noise, fault: stuck, power: certain},
		{name: "diurnal at peak: drop to 0", from: peak, base: diurnal, fault: times(0), power: certain},
		{name: "diurnal at peak: x0.5", from: peak, base: diurnal, fault: times(.5), power: certain},
		{name: "diurnal at trough: drop to 0", from: trough, base: diurnal, fault: times(0), power: shiftPower(8)},
		{name: "diurnal at trough: to the daytime level", from: trough, base: diurnal, fault: add(120), power: certain},
		{name: "ratio .99: -0.05", base: ratio, fault: add(-.05), power: certain},
		{name: "counter: increments stop", kind: detect.MetricCounter, base: requests, fault: times(0), power: certain},
		{name: "Poisson(2) to Poisson(12)", base: counts, fault: func(r *rand.Rand, _, _ float64) float64 { return draw(r, 12) }, power: countPower},
	}
}

// outcome is what became of the seeds of a scenario.
type outcome struct {
	early, soon, ever int // Open before the fault; opened within three samples; at all.
	held              [4]int
	closed            int
}

var heldAt = [4]int{10, 30, 60, 120}

// play runs every seed of a scenario through a detector.
func (x *scenario) play(cfg detect.Config) (o outcome, err error) {
	for seed := range uint64(scenarioSeeds) {
		s, err := detect.New(cfg, detect.Meta{Kind: x.kind})
		if err != nil {
			return o, err
		}
		x.one(s, rand.New(rand.NewPCG(seed, 13)), &o)
	}
	return o, nil
}

func (x *scenario) one(s *detect.Series, r *rand.Rand, o *outcome) {
	lasts := scenarioLasts
	if x.short {
		lasts = 1
	}
	total, last, soon, ever := 0.0, 0.0, false, false
	for i := range scenarioHistory + lasts + scenarioAfter {
		minute := x.from + i
		k := i - scenarioHistory + 1 // 1 is the first sample of the fault.
		v := x.base(r, minute)
		if k >= 1 && k <= lasts {
			v = x.fault(r, v, last)
		}
		last = v
		if x.kind == detect.MetricCounter {
			total += v
			v = total
		}
		res := s.Step(soak.Start+int64(minute)*soak.StepMS, v)
		switch {
		case k < 1:
			if k == 0 && res.Anomalous {
				o.early++
			}
			continue
		case k <= 3:
			soon = soon || res.Anomalous
		}
		ever = ever || (res.Anomalous && k <= lasts)
		for h, at := range heldAt {
			if k == at && !x.short && res.Anomalous {
				o.held[h]++
			}
		}
		if k == lasts+scenarioAfter && !res.Anomalous && ever {
			o.closed++
		}
	}
	if soon {
		o.soon++
	}
	if ever {
		o.ever++
	}
}

// scenarioSection plays the faults at three bars.
func scenarioSection(r *report, _ string) error {
	r.head("Thirteen faults after one day of history")
	bar := detect.DefaultBudget / 1000 / 1440
	r.text(fmt.Sprintf("The scenarios on which Etsy Skyline was measured: %d points of history, a fault of %d minutes (the spike: of one), %d seeds. "+
		"\"3\" is the number of seeds with an anomaly open within three samples of the onset, \"ever\" within the fault, then those open after 10, 30, 60 and 120 minutes, and those closed an hour after recovery. "+
		"\"best\" is what a test could reach that knows the noise, the fault and its size, at the false alarm rate of the default budget: no detector can do better, and none that must learn the noise as well. "+
		"A test that makes no assumption on the noise cannot claim less than 1/(20 n) of one sample, which is %.1e after a day where the default budget asks for %.1e.",
		scenarioHistory, scenarioLasts, scenarioSeeds, 1/(20.*scenarioHistory), bar))
	configs := []struct {
		name string
		cfg  detect.Config
	}{
		{"default budget", detect.Config{}},
		{"bar of the offline csv", detect.Config{Open: openBar}},
		{"profile skyline", detect.Config{Profile: detect.ProfileSkyline}},
	}
	columns := []string{"fault", "best, 3"}
	for _, c := range configs {
		columns = append(columns, c.name+": 3", "ever", "10 / 30 / 60 / 120", "closed")
	}
	r.table(columns...)
	for _, x := range scenarios() {
		cells := []string{x.name, fmt.Sprintf("%.1f", scenarioSeeds*x.power(bar))}
		for _, c := range configs {
			o, err := x.play(c.cfg)
			if err != nil {
				return err
			}
			held := fmt.Sprintf("%d / %d / %d / %d", o.held[0], o.held[1], o.held[2], o.held[3])
			if x.short {
				held = "-"
			}
			cells = append(cells, fmt.Sprint(o.soon), fmt.Sprint(o.ever), held, fmt.Sprint(o.closed))
		}
		r.row(cells...)
	}
	r.end()
	return nil
}
