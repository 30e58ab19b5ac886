package config

import "time"

// Default returns the configuration of an empty file.
func Default() Config {
	var c Config
	c.fillDefaults()
	return c
}

const day = 24 * time.Hour

// fillDefaults sets what the file left out. A default that a calculation could
// replace is not here: it is calculated.
func (c *Config) fillDefaults() {
	orDuration(&c.Storage.Retention, 15*day)
	orDuration(&c.Storage.OutOfOrderWindow, 10*time.Minute)
	or(&c.Limits.MaxSeries, 1_000_000)
	or(&c.Limits.MaxWatched, 250_000)
	or(&c.Limits.MaxLabels, 64)
	or(&c.Limits.MaxLabelLength, 2048)
	or(&c.Limits.MaxBodyBytes, 32<<20)
	orDuration(&c.Source.Backfill, day)
	orDuration(&c.Source.Interval, 15*time.Second)
	or(&c.Detect.Profile, "default")
	or(&c.Detect.Budget, 10)
	orDuration(&c.Correlate.Step, 30*time.Second)
	or(&c.Correlate.Slots, 240)
	or(&c.Correlate.ByLabel, "service")
	or(&c.Canary.MaxRuns, 10_000)
	or(&c.Canary.FalseFail, 0.01)
	or(&c.Canary.FalsePass, 0.05)
	c.Alerting.fillDefaults()
}

func (a *Alerting) fillDefaults() {
	if len(a.Receivers) == 0 {
		a.Receivers = []Receiver{{Name: "log", Type: "log"}}
	}
	for i := range a.Receivers {
		r := &a.Receivers[i]
		if r.Type == "" && r.URL != "" {
			r.Type = "webhook"
		}
		or(&r.Type, "log")
		orDuration(&r.Timeout, 10*time.Second)
	}
	if len(a.Routes) == 0 {
		a.Routes = []Route{{Receiver: a.Receivers[0].Name}}
	}
	if len(a.Grouping.Keys) == 0 {
		a.Grouping.Keys = []string{"service", "region"}
	}
	orDuration(&a.Grouping.Window, 30*time.Minute)
	orDuration(&a.Grouping.CloseAfter, 5*time.Minute)
	if !a.MinAge.Low.Set {
		a.MinAge.Low = Duration{D: 2 * time.Minute}
	}
	orDuration(&a.Suppression.MaxDuration, 7*day)
	or(&a.Suppression.MaxShare, 0.1)
	or(&a.Suppression.MaxServices, 5)
}

func or[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

func orDuration(p *Duration, v time.Duration) {
	if !p.Set && p.D == 0 {
		p.D = v
	}
}
