package main

import (
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
	cmd.AddCommand(newCanaryJudge(), newCanaryRun(), newCanaryPlan(), newCanaryCalibrate(), newCanaryRetrospect(),
		newCanaryList(), newCanaryShow(), newCanaryWatch(), newCanaryCancel(), newCanaryReport(),
		newCanaryImport(), newCanaryExport(), newCanaryCompare())
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
request and the output its CanaryJudgeResult.

--report writes the verdict as a page, Markdown or JUnit XML beside it. In JUnit
XML an INCONCLUSIVE metric is a skipped test, a FAIL a failure, NO_DATA an error.`,
		Example: `  bellwether canary judge samples.json
  bellwether canary judge samples.json --report verdict.html --report verdict.xml
  bellwether canary judge samples.json --judge mann-whitney -o json
  bellwether canary judge request.json --judge kayenta`,
		Args: exactArgs(1, "one FILE"),
	}
	form := output(cmd, "text", "json")
	judge := oneOf(cmd, "judge", "who judges", "native", "mann-whitney", "mad", "dbscan", "hdbscan", "kayenta")
	tolerance := cmd.Flags().Float64("kayenta-tolerance", 0.25, "with --judge kayenta: the judge's tolerance, for those who run a patched one")
	confidence := cmd.Flags().Float64("kayenta-confidence", 0.98, "with --judge kayenta: the judge's confidence level")
	docs := documentFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := docs.check(cmd); err != nil {
			return err
		}
		o := offline.JudgeOptions{Output: offline.Format(form.value), Judge: judge.value, Notes: cmd.ErrOrStderr()}
		for _, name := range []string{"kayenta-tolerance", "kayenta-confidence"} {
			if cmd.Flags().Changed(name) && judge.value != "kayenta" {
				return usagef(cmd, "--%s goes with --judge kayenta", name)
			}
		}
		if judge.value == "kayenta" {
			o.KayentaTolerance, o.KayentaConfidence = *tolerance, *confidence
			if len(docs.files) > 0 || docs.junit != "" {
				return usagef(cmd, "--report and --junit do not go with --judge kayenta: its answer is Kayenta's own")
			}
		}
		var written error
		if docs.wanted() {
			o.Documents = func(render func(string) ([]byte, error)) { written = docs.write(cmd, render) }
		}
		f, err := openFiles(cmd, args)
		if err != nil {
			return err
		}
		defer f.close()
		code, err := offline.JudgeCanary(cmd.Context(), f.inputs[0], o, cmd.OutOrStdout())
		if err != nil {
			return err
		}
		return verdictError(cmd, code, written)
	}
	return cmd
}
