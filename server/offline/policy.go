package offline

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/bellwether-ts/bellwether/server/config"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// The configuration file speaks of durations and selectors; the rooms take
// milliseconds and matchers. This file is the step between for a replay.

// watchOptions returns what a replay's detectors are made with.
func watchOptions(c config.Config) (pipeline.WatchOptions, error) {
	o := pipeline.WatchOptions{Max: c.Limits.MaxWatched}
	o.Detect.Budget = c.Detect.Budget
	errs := []error{o.Detect.Profile.UnmarshalText([]byte(c.Detect.Profile))}
	for _, list := range []struct {
		texts []string
		into  *[][]*labels.Matcher
	}{{c.Detect.Match, &o.Match}, {c.Detect.Ignore, &o.Ignore}, {c.Detect.Page, &o.Page}} {
		for _, text := range list.texts {
			ms, err := metric.ParseMatchers(text)
			errs = append(errs, err)
			*list.into = append(*list.into, ms)
		}
	}
	return o, errors.Join(errs...)
}

// alertPolicy returns what a replay's alert core is made with.
func alertPolicy(c config.Alerting) alerting.Config {
	p := alerting.Config{
		MinAgeHigh:  c.MinAge.High.D.Milliseconds(),
		MinAgeLow:   c.MinAge.Low.D.Milliseconds(),
		GroupKeys:   c.Grouping.Keys,
		GroupWindow: c.Grouping.Window.D.Milliseconds(),
		CloseAfter:  c.Grouping.CloseAfter.D.Milliseconds(),
		MaxMute:     c.Suppression.MaxDuration.D.Milliseconds(),
		Guard:       alerting.Guard{MaxShare: c.Suppression.MaxShare, MaxServices: c.Suppression.MaxServices},
	}
	if p.MinAgeLow == 0 {
		p.MinAgeLow = -1 // The file says none; zero would mean the default.
	}
	for _, r := range c.Routes {
		p.Routes = append(p.Routes, alerting.Route{Match: r.Match, Receivers: []string{r.Receiver}})
	}
	if len(c.Receivers) > 0 {
		p.DefaultReceiver = c.Receivers[0].Name
	}
	return p
}

// errorIn says in which part of the configuration a fault lies.
func errorIn(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot use the configuration's %s section: %w", part, err)
}
