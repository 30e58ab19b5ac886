package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

func newCanary() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "canary",
		Short: "Judge a canary: from a file, or by a run on a server",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(newCanaryJudge(), newCanaryRun(), newCanaryPlan(), newCanaryCalibrate())
	return cmd
}

func newCanaryJudge() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "judge FILE",
		Short: "Judge the samples of a canary and its baseline",
		Long: `Judge the samples of a canary and its baseline. FILE (or -) is JSON:
{"metrics":[{"name","baseline":[..],"canary":[..],"step_seconds",
"direction":"increase|decrease|either","kind":"gauge|count|ratio|latency",
"min_effect","critical","history"}],"policy":{...}}.

The exit code is the verdict: 0 PASS, 10 INCONCLUSIVE, 20 FAIL, 30 NO_DATA;
2 wrong usage, 1 error. With --judge kayenta the input is a Kayenta RemoteJudge
request and the output its CanaryJudgeResult.`,
		Example: `  bellwether canary judge samples.json
  bellwether canary judge samples.json --judge mann-whitney -o json
  bellwether canary judge request.json --judge kayenta`,
		Args: exactArgs(1, "one FILE"),
	}
	form := output(cmd, "text", "json")
	judge := oneOf(cmd, "judge", "who judges", "native", "mann-whitney", "mad", "dbscan", "hdbscan", "kayenta")
	tolerance := cmd.Flags().Float64("kayenta-tolerance", 0.25, "with --judge kayenta: the judge's tolerance, for those who run a patched one")
	confidence := cmd.Flags().Float64("kayenta-confidence", 0.98, "with --judge kayenta: the judge's confidence level")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o := offline.JudgeOptions{Output: offline.Format(form.value), Judge: judge.value, Notes: cmd.ErrOrStderr()}
		for _, name := range []string{"kayenta-tolerance", "kayenta-confidence"} {
			if cmd.Flags().Changed(name) && judge.value != "kayenta" {
				return usagef(cmd, "--%s goes with --judge kayenta", name)
			}
		}
		if judge.value == "kayenta" {
			o.KayentaTolerance, o.KayentaConfidence = *tolerance, *confidence
		}
		f, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		defer f.close()
		code, err := offline.JudgeCanary(cmd.Context(), f.inputs[0], o, cmd.OutOrStdout())
		if err == nil && code != exitOK {
			err = exitCode(code)
		}
		return err
	}
	return cmd
}

func newCanaryRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Start a canary run on a server, and wait for its verdict",
		Long: `Start a canary run on a server. With --wait the command ends when the run does,
and its exit code is the verdict: 0 PASS, 10 INCONCLUSIVE, 20 FAIL, 30 NO_DATA;
without, it prints the id of the run and ends with 0.`,
		Example: `  bellwether canary run --name cart --baseline 'service="cart",track="stable"' --canary 'service="cart",track="canary"' --wait`,
		Args:    exactArgs(0, ""),
	}
	form := output(cmd, "text", "json")
	var r canaryRun
	cmd.Flags().StringVar(&r.name, "name", "", "name shown, such as the service")
	cmd.Flags().StringVar(&r.baseline, "baseline", "", "matchers of the baseline (required)")
	cmd.Flags().StringVar(&r.canary, "canary", "", "matchers of the canary (required)")
	cmd.Flags().StringArrayVar(&r.metrics, "metric", nil, "NAME=QUERY with $side where the side's matchers go; repeat for more (default: the request, error and latency series both sides have)")
	cmd.Flags().DurationVar(&r.maxDuration, "max-duration", time.Hour, "longest run")
	cmd.Flags().DurationVar(&r.lookEvery, "look-every", time.Minute, "time between looks")
	start := timeVar(cmd, "start", "when samples start to count, such as 20m for 20 minutes ago (default: now)")
	cmd.Flags().BoolVar(&r.wait, "wait", false, "wait for the verdict and exit with its code")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if r.baseline == "" || r.canary == "" {
			return usagef(cmd, "a run needs both sides: --baseline MATCHERS and --canary MATCHERS")
		}
		r.start = start.ms
		return runCanary(cmd, c, form.value, r)
	}
	return cmd
}
