package config

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/bellwether-ts/bellwether/metric"
)

// validate adds every problem of a decoded file. root is the same file as
// nodes, for the line numbers.
func (c *Config) validate(e *Errors, root *yaml.Node) {
	at := func(path ...string) int { return lineOf(root, path...) }
	if c.Detect.Profile != "default" && c.Detect.Profile != "skyline" {
		e.add(at("detect", "profile"), "unknown detect.profile %q; use default or skyline", c.Detect.Profile)
	}
	if !(c.Detect.Budget > 0 && c.Detect.Budget <= 1e6) {
		e.add(at("detect", "budget"), "detect.budget %v is not in (0, 1000000]; it is false alarms per 1000 series-days, 10 is a good start", c.Detect.Budget)
	}
	for field, list := range map[string][]string{"match": c.Detect.Match, "ignore": c.Detect.Ignore, "page": c.Detect.Page} {
		checkSelectors(e, at("detect", field), "detect."+field, list)
	}
	for _, pattern := range c.Detect.Detectors {
		if _, err := filepath.Match(pattern, ""); err != nil || pattern == "" {
			e.add(at("detect", "detectors"), "detect.detectors: %q is not a file or a glob", pattern)
		}
	}
	checkSelectors(e, at("source", "match"), "source.match", c.Source.Match)
	if c.Source.URL != "" {
		checkURL(e, at("source", "url"), "source.url", c.Source.URL)
	}
	if c.Correlate.Slots < 32 || c.Correlate.Slots > 4096 {
		e.add(at("correlate", "slots"), "correlate.slots %d is not in 32..4096", c.Correlate.Slots)
	}
	for field, v := range map[string]float64{"false_fail": c.Canary.FalseFail, "false_pass": c.Canary.FalsePass} {
		if !(v > 0 && v <= 0.5) {
			e.add(at("canary", field), "canary.%s %v is not in (0, 0.5]; it is a chance, 0.01 means one in a hundred", field, v)
		}
	}
	if c.Correlate.Step.D < time.Second {
		e.add(at("correlate", "step"), "correlate.step %s is less than 1s; it is the distance of points in the ring, about the scrape interval", c.Correlate.Step)
	}
	if c.Canary.MaxRuns < 0 {
		e.add(at("canary", "max_runs"), "canary.max_runs %d is negative; leave it out for the default", c.Canary.MaxRuns)
	}
	notZero(e, at("storage", "retention"), "storage.retention", c.Storage.Retention)
	notZero(e, at("storage", "out_of_order_window"), "storage.out_of_order_window", c.Storage.OutOfOrderWindow)
	notZero(e, at("source", "interval"), "source.interval", c.Source.Interval)
	c.validateLimits(e, at)
	c.Alerting.validate(e, root)
}

// notZero refuses a length of zero where it has no meaning of its own; the rooms
// would take it for their default.
func notZero(e *Errors, line int, field string, d Duration) {
	if d.D == 0 {
		e.add(line, "%s 0s has no meaning; give a length, or leave it out for the default", field)
	}
}

func (c *Config) validateLimits(e *Errors, at func(...string) int) {
	for field, v := range map[string]int64{
		"max_series": int64(c.Limits.MaxSeries), "max_watched": int64(c.Limits.MaxWatched),
		"max_labels": int64(c.Limits.MaxLabels), "max_label_length": int64(c.Limits.MaxLabelLength),
		"max_body_bytes": c.Limits.MaxBodyBytes,
	} {
		if v < 0 {
			e.add(at("limits", field), "limits.%s %d is negative; a limit cannot be switched off, only raised", field, v)
		}
	}
}

func (a *Alerting) validate(e *Errors, root *yaml.Node) {
	names := map[string]bool{}
	var known []string
	for i, r := range a.Receivers {
		line := lineOfItem(root, i, "alerting", "receivers")
		switch {
		case r.Name == "":
			e.add(line, "a receiver has no name")
		case names[r.Name]:
			e.add(line, "receiver %q stands twice; names are unique", r.Name)
		}
		names[r.Name] = true
		known = append(known, r.Name)
		switch r.Type {
		case "log":
		case "webhook":
			checkURL(e, line, "receiver "+r.Name+": url", r.URL)
			notZero(e, line, "receiver "+r.Name+": timeout", r.Timeout)
		default:
			e.add(line, "receiver %q has unknown type %q; use webhook or log", r.Name, r.Type)
		}
	}
	for i, r := range a.Routes {
		line := lineOfItem(root, i, "alerting", "routes")
		if !names[r.Receiver] {
			e.add(line, "route names unknown receiver %q; %s", r.Receiver, suggestion(r.Receiver, known))
		}
		if r.Match != "" {
			checkSelectors(e, line, "route match", []string{r.Match})
		}
	}
	if s := a.Suppression.MaxShare; !(s > 0 && s <= 1) {
		e.add(lineOf(root, "alerting", "suppression", "max_share"), "alerting.suppression.max_share %v is not in (0, 1]", s)
	}
	if n := a.Suppression.MaxServices; n < 0 {
		e.add(lineOf(root, "alerting", "suppression", "max_services"), "alerting.suppression.max_services %d is negative; leave it out for the default", n)
	}
	notZero(e, lineOf(root, "alerting", "suppression", "max_duration"), "alerting.suppression.max_duration", a.Suppression.MaxDuration)
	notZero(e, lineOf(root, "alerting", "grouping", "window"), "alerting.grouping.window", a.Grouping.Window)
	notZero(e, lineOf(root, "alerting", "grouping", "close_after"), "alerting.grouping.close_after", a.Grouping.CloseAfter)
	a.validateKeys(e, root)
}

func (a *Alerting) validateKeys(e *Errors, root *yaml.Node) {
	line := lineOf(root, "alerting", "grouping", "keys")
	for _, k := range a.Grouping.Keys {
		if strings.TrimSpace(k) == "" {
			e.add(line, "a grouping key is empty; write a label name such as service, or a template such as ${context.team}")
		} else if err := (alerting.Config{GroupKeys: []string{k}}).Validate(); err != nil {
			e.add(line, "%v", err)
		}
	}
}

func checkSelectors(e *Errors, line int, field string, list []string) {
	for _, s := range list {
		if _, err := metric.ParseMatchers(s); err != nil {
			e.add(line, "%s: %v", field, err)
		}
	}
}

func checkURL(e *Errors, line int, field, text string) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		e.add(line, "%s %q is not an http or https URL with a host", field, text)
	}
}

// lineOf finds the line of a path of mapping keys; the deepest one present.
func lineOf(root *yaml.Node, path ...string) int {
	line := 0
	n := root
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	for _, key := range path {
		next := child(n, key)
		if next == nil {
			return line
		}
		n, line = next, next.Line
	}
	return line
}

func lineOfItem(root *yaml.Node, i int, path ...string) int {
	n := root
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	for _, key := range path {
		if n = child(n, key); n == nil {
			return 0
		}
	}
	if i < len(n.Content) {
		return n.Content[i].Line
	}
	return n.Line
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
