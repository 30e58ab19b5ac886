package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// canaryRun is what the flags of `canary run` say.
type canaryRun struct {
	name, baseline, canary string
	metrics                []string // NAME=QUERY each.
	maxDuration, lookEvery time.Duration
	start                  *int64 // Unix milliseconds; nil: now.
	wait                   bool
}

func (r canaryRun) spec() (*bellwetherv1.CanarySpec, error) {
	s := &bellwetherv1.CanarySpec{
		Name: r.name, Baseline: r.baseline, Canary: r.canary,
		Start: timestamp(r.start), MaxDuration: durationpb.New(r.maxDuration), LookEvery: durationpb.New(r.lookEvery),
	}
	for _, m := range r.metrics {
		name, query, ok := strings.Cut(m, "=")
		if !ok || name == "" || query == "" {
			return nil, fmt.Errorf("cannot use --metric %s: write NAME=QUERY, such as errors='sum(rate(errors_total{$side}[1m]))'", m)
		}
		s.Metrics = append(s.Metrics, &bellwetherv1.CanaryMetric{Name: name, Query: query})
	}
	return s, nil
}

// runCanary starts a run and, if asked to, waits for its verdict.
func runCanary(cmd *cobra.Command, c *client, form string, r canaryRun) error {
	spec, err := r.spec()
	if err != nil {
		return err
	}
	last, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.Analysis, error) {
		cc := bellwetherv1.NewCanaryServiceClient(conn)
		started, err := cc.StartAnalysis(ctx, &bellwetherv1.StartAnalysisRequest{Spec: spec})
		if err != nil {
			return nil, err
		}
		run := &bellwetherv1.Analysis{Id: started.GetId(), Spec: spec, State: bellwetherv1.AnalysisState_ANALYSIS_STATE_RUNNING}
		if !r.wait {
			return run, nil
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "note: run %s has started; looking every %s for at most %s\n", run.GetId(), r.lookEvery, r.maxDuration)
		return waitForVerdict(ctx, cmd, cc, run)
	})
	if err != nil {
		return err
	}
	return printRun(cmd, form, last, r.wait)
}

// waitForVerdict follows a run to its end.
func waitForVerdict(ctx context.Context, cmd *cobra.Command, cc bellwetherv1.CanaryServiceClient, run *bellwetherv1.Analysis) (*bellwetherv1.Analysis, error) {
	stream, err := cc.WatchAnalysis(ctx, &bellwetherv1.WatchAnalysisRequest{Id: run.GetId()})
	if err != nil {
		return nil, err
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return run, nil
		}
		if err != nil {
			return nil, err
		}
		if a := m.GetAnalysis(); a != nil {
			run = a
			if a.GetLooks() == 0 {
				continue
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "note: look %d: %s\n", a.GetLooks(), a.GetResult().GetVerdictWord())
		}
	}
}

// printRun writes a run; after --wait its verdict becomes the exit code.
func printRun(cmd *cobra.Command, form string, run *bellwetherv1.Analysis, waited bool) error {
	var err error
	switch {
	case form == "json":
		err = printJSON(cmd, run)
	case waited:
		_, err = fmt.Fprint(cmd.OutOrStdout(), run.GetResult().GetTrace().GetText())
	default:
		_, err = fmt.Fprintln(cmd.OutOrStdout(), run.GetId())
	}
	if err != nil || !waited {
		return err
	}
	switch run.GetResult().GetVerdict() {
	case bellwetherv1.CanaryVerdict_CANARY_VERDICT_PASS:
		return nil
	case bellwetherv1.CanaryVerdict_CANARY_VERDICT_INCONCLUSIVE:
		return exitCode(10)
	case bellwetherv1.CanaryVerdict_CANARY_VERDICT_FAIL:
		return exitCode(20)
	}
	return exitCode(30)
}
