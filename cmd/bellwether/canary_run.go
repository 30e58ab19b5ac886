package main

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

const exitCodesHelp = "0 PASS, 10 INCONCLUSIVE, 20 FAIL, 30 NO_DATA;\n2 wrong usage, 1 an error or an interrupt before the verdict"

func newCanaryRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Start a canary run on a server, and wait for its verdict",
		Long: `Start a canary run on a server. Without --wait it prints the id of the run and
ends with 0. With --wait it ends when the run does, and its exit code is the
verdict: ` + exitCodesHelp + `.

The run lives on the server. --wait survives a restart of the server for
--reconnect, and an interrupt (Ctrl-C) leaves the run going, unless
--cancel-on-interrupt is given. With --key the same command started again, such
as by a job that is retried, finds the run it started before.`,
		Example: `  bellwether canary run --name cart --baseline 'service="cart",track="stable"' --canary 'service="cart",track="canary"' --wait
  bellwether canary run --service cart --baseline 'track="stable"' --canary 'track="canary"' --gate cart-availability --wait --report canary.html --junit canary.xml
  bellwether canary run --service cart --canary 'version="2.1"' --previous last --key "$GITHUB_SHA" --on-undecided fail --wait
  bellwether canary run --spec canary.yaml --key "$GITHUB_SHA" --wait`,
		Args: exactArgs(0, ""),
	}
	form := output(cmd, "text", "json")
	s := canarySpecFlags(cmd)
	s.timeFlags(cmd)
	start := timeVar(cmd, "start", "when samples start to count, such as 20m for 20 minutes ago (default: now)")
	undecided := oneOf(cmd, "on-undecided", "what a run that ends INCONCLUSIVE is told as (also --on-inconclusive)", "hold", "fail", "pass")
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "on-inconclusive" {
			name = "on-undecided"
		}
		return pflag.NormalizedName(name)
	})
	key := cmd.Flags().String("key", "", "names this run, such as the hash of a rollout: starting it again finds it")
	wait := cmd.Flags().Bool("wait", false, "wait for the verdict and exit with its code")
	w := watchFlags(cmd)
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		spec, err := s.spec(cmd)
		if err != nil {
			return err
		}
		if start.ms != nil {
			spec.Start = timestamp(start.ms)
		}
		if s.file == "" || cmd.Flags().Changed("on-undecided") {
			spec.OnUndecided = undecidedActions[undecided.value]
		}
		if err := w.check(cmd); err != nil {
			return err
		}
		if !*wait && (len(w.docs.files) > 0 || w.docs.junit != "" || w.cancelOnInterrupt) {
			return usagef(cmd, "--report, --junit and --cancel-on-interrupt go with --wait")
		}
		return runCanary(cmd, c, form.value, &bellwetherv1.StartAnalysisRequest{Spec: spec, Key: cmp.Or(*key, s.fileKey)}, *wait, w)
	}
	return cmd
}

var undecidedActions = map[string]bellwetherv1.UndecidedAction{
	"hold": bellwetherv1.UndecidedAction_UNDECIDED_ACTION_HOLD,
	"fail": bellwetherv1.UndecidedAction_UNDECIDED_ACTION_FAIL,
	"pass": bellwetherv1.UndecidedAction_UNDECIDED_ACTION_PASS,
}

func newCanaryRetrospect() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retrospect",
		Short: "Judge a past window on a server, as a run that looked at its end",
		Long: `Judge a past window on a server, as if a run had looked once, at its end. The
exit code is the verdict: ` + exitCodesHelp + `.`,
		Example: `  bellwether canary retrospect --service cart --baseline 'track="stable"' --canary 'track="canary"' --from 2026-01-02T15:00:00Z --to 2026-01-02T16:00:00Z
  bellwether canary retrospect --baseline 'pod="a"' --canary 'pod="b"' --from 2h --report yesterday.html`,
		Args: exactArgs(0, ""),
	}
	form := output(cmd, "text", "json")
	s := canarySpecFlags(cmd)
	from := timeVar(cmd, "from", "start of the window (required)")
	to := timeVar(cmd, "to", "end of the window (default: now)")
	docs := documentFlags(cmd)
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		spec, err := s.spec(cmd)
		if err == nil {
			err = docs.check(cmd)
		}
		if err != nil {
			return err
		}
		if from.ms == nil {
			return usagef(cmd, "say which window with --from TIME, and --to TIME if it does not end now")
		}
		end := time.Now().UnixMilli()
		if to.ms != nil {
			end = *to.ms
		}
		if end <= *from.ms {
			return usagef(cmd, "cannot judge from %s to %s: it ends before it starts", from, to)
		}
		spec.LookEvery = durationpb.New(time.Duration(end-*from.ms) * time.Millisecond)
		window := &bellwetherv1.TimeRange{Start: timestamp(from.ms), End: timestamppb.New(time.UnixMilli(end))}
		return retrospect(cmd, c, form.value, &bellwetherv1.RetrospectRequest{Spec: spec, Window: window}, docs)
	}
	return cmd
}
