package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/durationpb"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// canarySpec is what the flags say to compare. Commands that compare on a
// server share it.
type canarySpec struct {
	name, service, baseline, canary string
	metrics, critical, gates        []string // NAME=QUERY, NAME, OBJECTIVE[=RATE] each.
	previous                        string
	file, fileKey                   string // A file with the rest, and the key it names.
	warmup, step, history, offset   time.Duration
	maxDuration, lookEvery          time.Duration // Of a run; 0 where the command has no such flags.
	judge                           *choice
	policy                          bellwetherv1.CanaryPolicy
}

// judgeKnobs are the settings that only one judge reads.
var judgeKnobs = map[string]string{
	"tolerance": "mann-whitney", "confidence-level": "mann-whitney", "max-percentile": "mad",
	"tolerance-factor": "dbscan", "min-similar-shards-percent": "hdbscan",
}

// canarySpecFlags adds the flags that say what to compare and how.
func canarySpecFlags(cmd *cobra.Command) *canarySpec {
	s, f := &canarySpec{}, cmd.Flags()
	f.StringVar(&s.file, "spec", "", "read what to compare from this file (or -), JSON or YAML as POST /v1/canaries takes it; flags beside it replace its fields")
	f.StringVar(&s.name, "name", "", "name shown, such as the service")
	f.StringVar(&s.service, "service", "", "service both sides belong to: --baseline and --canary then need only what tells them apart")
	f.StringVar(&s.baseline, "baseline", "", "matchers of the baseline (required, unless --previous or --offset is given)")
	f.StringVar(&s.canary, "canary", "", "matchers of the canary (required)")
	f.StringArrayVar(&s.metrics, "metric", nil, "NAME=QUERY with $side where the side's matchers go; repeat for more (default: the request, error and latency series both sides have)")
	f.StringArrayVar(&s.critical, "critical", nil, "NAME of a --metric without which there is no verdict; repeat for more")
	f.StringArrayVar(&s.gates, "gate", nil, "OBJECTIVE[=RATE] that fails the canary when it burns at RATE or more (default rate 14.4); repeat for more")
	f.StringVar(&s.previous, "previous", "", "compare with the canary of an earlier run at the same age: its ID, or last")
	f.DurationVar(&s.offset, "offset", 0, "compare with the same time this long ago, such as 168h")
	f.DurationVar(&s.warmup, "warmup", 0, "time after the start whose samples do not count")
	f.DurationVar(&s.step, "step", 0, "distance of the points (default 1m)")
	f.DurationVar(&s.history, "history", 0, "time before the start that calibrates (default 24h)")
	s.judge = oneOf(cmd, "judge", "who judges", "native", "mann-whitney", "mad", "dbscan", "hdbscan")
	p := &s.policy
	f.Float64Var(&p.FalseFail, "false-fail", 0, "chance to fail a healthy canary, over all metrics and looks (default 0.01)")
	f.Float64Var(&p.FalsePass, "false-pass", 0, "chance to pass a canary that is worse by its margin (default 0.05)")
	f.Float64Var(&p.Tolerance, "tolerance", 0, "with --judge mann-whitney: share of the estimate the interval must clear (default 0.25)")
	f.Float64Var(&p.ConfidenceLevel, "confidence-level", 0, "with --judge mann-whitney: level of the interval (default 0.98)")
	f.Float64Var(&p.MaxPercentile, "max-percentile", 0, "with --judge mad: percentile of the baseline's own spread an instance must clear (default 95)")
	f.Float64Var(&p.ToleranceFactor, "tolerance-factor", 0, "with --judge dbscan: radius in robust standard deviations (default 3)")
	f.Float64Var(&p.MinSimilarShardsPercent, "min-similar-shards-percent", 0, "with --judge hdbscan: least share of the baseline's instances in a canary instance's cluster (default 50)")
	return s
}

// timeFlags adds the flags that say how long a run is and how often it looks.
func (s *canarySpec) timeFlags(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&s.maxDuration, "max-duration", time.Hour, "longest run")
	cmd.Flags().DurationVar(&s.lookEvery, "look-every", time.Minute, "time between looks")
}

// spec turns the flags into the contract's words; what is wrong with them is
// wrong usage.
func (s *canarySpec) spec(cmd *cobra.Command) (*bellwetherv1.CanarySpec, error) {
	if s.file == "" && (s.canary == "" || s.baseline == "" && s.previous == "" && s.offset == 0) {
		return nil, usagef(cmd, "a run needs both sides: --baseline MATCHERS and --canary MATCHERS (or --previous or --offset for a baseline of another time; or all of it in --spec FILE)")
	}
	if err := s.checkKnobs(cmd); err != nil {
		return nil, err
	}
	out := &bellwetherv1.CanarySpec{
		Name: s.name, Service: s.service, Baseline: s.baseline, Canary: s.canary, Previous: s.previous,
		Offset: span(s.offset), Warmup: span(s.warmup), Step: span(s.step), History: span(s.history),
		MaxDuration: span(s.maxDuration), LookEvery: span(s.lookEvery), Policy: &s.policy,
	}
	s.policy.Judge = s.judge.value
	for _, m := range s.metrics {
		name, query, ok := strings.Cut(m, "=")
		if !ok || name == "" || query == "" {
			return nil, usagef(cmd, "cannot use --metric %s: write NAME=QUERY, such as errors='sum(rate(errors_total{$side}[1m]))'", m)
		}
		out.Metrics = append(out.Metrics, &bellwetherv1.CanaryMetric{Name: name, Query: query})
	}
	for _, name := range s.critical {
		i := slices.IndexFunc(out.Metrics, func(m *bellwetherv1.CanaryMetric) bool { return m.Name == name })
		if i < 0 {
			return nil, usagef(cmd, "cannot use --critical %s: no --metric has this name", name)
		}
		out.Metrics[i].Critical = true
	}
	for _, g := range s.gates {
		gate, err := gateOf(g)
		if err != nil {
			return nil, usagef(cmd, "cannot use --gate %s: %v", g, err)
		}
		out.Gates = append(out.Gates, gate)
	}
	if s.file != "" {
		return s.withFile(cmd, out)
	}
	return out, nil
}

// checkKnobs refuses a setting the chosen judge would not read.
func (s *canarySpec) checkKnobs(cmd *cobra.Command) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if judge, ok := judgeKnobs[f.Name]; ok && judge != s.judge.value && err == nil {
			err = usagef(cmd, "--%s goes with --judge %s", f.Name, judge)
		}
	})
	return err
}

// gateOf reads OBJECTIVE[=RATE].
func gateOf(s string) (*bellwetherv1.CanaryGate, error) {
	name, rate, given := strings.Cut(s, "=")
	g := &bellwetherv1.CanaryGate{Objective: name}
	if name == "" {
		return nil, fmt.Errorf("write OBJECTIVE[=RATE], such as checkout-availability=14.4")
	}
	if given {
		var err error
		if g.BurnRate, err = strconv.ParseFloat(rate, 64); err != nil || !(g.BurnRate > 0) {
			return nil, fmt.Errorf("RATE is how many times faster than allowed it burns, above 0")
		}
	}
	return g, nil
}

// span is absent for 0, which takes the server's default.
func span(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}
