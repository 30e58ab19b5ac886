package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/offline"
)

// Before the deploy: what a canary run could show (plan), and how often the
// judge would have failed a past without a deploy (calibrate). A FILE is judged
// right here; without one a server is asked, which then needs both sides.

func newCanaryPlan() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan [FILE]",
		Short: "Say before a deploy how long a canary must run, and what it can show",
		Long: `Say before a deploy how long a canary must run until one that is worse by
min_effect FAILs and a healthy one PASSes, and the smallest effect a full run
sees. FILE (or -) is the request of 'bellwether canary judge' whose metrics have
a history of both sides. Without FILE a server reads the history of the sides
named by --baseline and --canary.`,
		Example: `  bellwether canary plan samples.json --max-duration 2h
  bellwether canary plan --baseline 'service="cart",track="stable"' --canary 'service="cart",track="canary"'`,
		Args: optionalFile,
	}
	f := forecastFlags(cmd)
	power := cmd.Flags().Float64("power", 0.9, "wanted chance to reach the verdict, 0.5 to 0.99")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return f.offline(cmd, args, func(in offline.Input, o offline.ForecastOptions) error {
				o.Power = *power
				return offline.PlanCanary(cmd.Context(), in, o, cmd.OutOrStdout())
			})
		}
		spec, err := f.spec(cmd)
		if err != nil {
			return err
		}
		plan, err := ask(cmd, f.client, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.PlanResponse, error) {
			return bellwetherv1.NewCanaryServiceClient(conn).Plan(ctx, &bellwetherv1.PlanRequest{Spec: spec, Power: *power})
		})
		if err != nil {
			return err
		}
		return f.print(cmd, plan, plan.GetTrace())
	}
	return cmd
}

func newCanaryCalibrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calibrate [FILE]",
		Short: "Judge past runs without a deploy, and say how often they would have failed",
		Long: `Judge past runs without a deploy, baseline against itself, and say how often they
would have failed wrongly, passed or stayed undecided, and which metrics did it.
FILE (or -) is the request of 'bellwether canary judge' whose metrics have a long
history of both sides. Without FILE a server reads the past of the sides named
by --baseline and --canary.`,
		Example: `  bellwether canary calibrate samples.json --runs 200
  bellwether canary calibrate --baseline 'service="cart",track="stable"' --canary 'service="cart",track="canary"'`,
		Args: optionalFile,
	}
	f := forecastFlags(cmd)
	runs := cmd.Flags().Int("runs", 100, "past runs to judge, 10 to 1000")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return f.offline(cmd, args, func(in offline.Input, o offline.ForecastOptions) error {
				o.Runs, o.History = *runs, cmp.Or(f.run.history, 24*time.Hour)
				if stderr, ok := terminal(cmd.ErrOrStderr()); ok {
					o.Progress = offline.ShareBar(stderr, "judging")
				}
				return offline.CalibrateCanary(cmd.Context(), in, o, cmd.OutOrStdout())
			})
		}
		spec, err := f.spec(cmd)
		if err != nil {
			return err
		}
		record, err := ask(cmd, f.client, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.CalibrateResponse, error) {
			return bellwetherv1.NewCanaryServiceClient(conn).Calibrate(ctx, &bellwetherv1.CalibrateRequest{Spec: spec, Runs: int32(*runs)})
		})
		if err != nil {
			return err
		}
		return f.print(cmd, record, record.GetTrace())
	}
	return cmd
}

// optionalFile takes one FILE or none.
func optionalFile(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef(cmd, "takes at most one FILE, not %d", len(args))
	}
	return nil
}

// forecast is what the flags of plan and calibrate say.
type forecast struct {
	run    *canarySpec
	start  *timeFlag
	form   *choice
	client *client
}

func forecastFlags(cmd *cobra.Command) *forecast {
	f := &forecast{form: output(cmd, "text", "json"), run: canarySpecFlags(cmd)}
	f.run.timeFlags(cmd)
	f.start = timeVar(cmd, "start", "when the past ends, such as 20m for 20 minutes ago (default: now)")
	f.client = clientFlags(cmd)
	return f
}

// withFile are the flags that a FILE leaves open; the others say what a server
// should read.
var withFile = []string{"output", "power", "runs", "max-duration", "look-every", "history"}

// offline answers from a FILE.
func (f *forecast) offline(cmd *cobra.Command, args []string, answer func(offline.Input, offline.ForecastOptions) error) error {
	var err error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if err == nil && !slices.Contains(withFile, flag.Name) {
			err = usagef(cmd, "--%s asks a server and FILE needs none: give one or the other", flag.Name)
		}
	})
	if err != nil {
		return err
	}
	in, err := openFiles(cmd, args)
	if err != nil {
		return err
	}
	defer in.close()
	return answer(in.inputs[0], offline.ForecastOptions{
		Output: offline.Format(f.form.value), Longest: f.run.maxDuration, LookEvery: f.run.lookEvery, Notes: cmd.ErrOrStderr(),
	})
}

// spec is what a server is asked about.
func (f *forecast) spec(cmd *cobra.Command) (*bellwetherv1.CanarySpec, error) {
	if f.run.canary == "" && f.run.file == "" {
		return nil, usagef(cmd, "give a FILE to answer from, or both sides for a server to read: --baseline MATCHERS and --canary MATCHERS")
	}
	spec, err := f.run.spec(cmd)
	if err == nil {
		if f.start.ms != nil {
			spec.Start = timestamp(f.start.ms)
		}
	}
	return spec, err
}

// print writes the answer of a server.
func (f *forecast) print(cmd *cobra.Command, m proto.Message, trace *bellwetherv1.Trace) error {
	if f.form.value == "json" {
		return printJSON(cmd, m)
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), trace.GetText())
	return err
}
