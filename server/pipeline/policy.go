package pipeline

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/detect"
	"github.com/bellwether-ts/bellwether/server/config"
)

// The configuration file speaks of durations and selectors; the rooms take
// milliseconds and matchers. This file is the step between, for the service
// and for a replay alike.

// WatchOptionsOf returns what detectors are made with; the caller sets Emit.
func WatchOptionsOf(c config.Config) (WatchOptions, error) {
	o := WatchOptions{Max: c.Limits.MaxWatched}
	var err error
	o.Detect, err = detectConfigOf(c.Detect)
	errs := []error{err}
	for _, list := range []struct {
		texts []string
		into  *[][]*labels.Matcher
	}{{c.Detect.Match, &o.Match}, {c.Detect.Ignore, &o.Ignore}, {c.Detect.Page, &o.Page}} {
		*list.into, err = parseSelectors(list.texts)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return o, fmt.Errorf("cannot use the detect section: %w", err)
	}
	return o, nil
}

// detectConfigOf returns the configuration of one series' detector.
func detectConfigOf(c config.Detect) (detect.Config, error) {
	out := detect.Config{Budget: c.Budget, Shape: c.Shape}
	return out, out.Profile.UnmarshalText([]byte(c.Profile))
}

// AlertPolicyOf returns what the alert core is made with.
func AlertPolicyOf(c config.Alerting) alerting.Config {
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
