package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/compat/kayenta"
)

// Commands for who moves from Kayenta: configs carried over both ways, and both
// judges on the same samples.

func newCanaryImport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Carry a Kayenta canary config over to a run",
		Long: `Carry a Kayenta canary config (FILE or -, JSON) over to a run: the document that
POST /v1/canaries takes. What has no counterpart is named on standard error,
line by line; an unknown field is an error. The scopes, which Kayenta is given
with each execution, become the matchers of the sides.`,
		Example: "  bellwether canary import canaryconfig.json --control-scope v1 --experiment-scope v2 > run.json",
		Args:    exactArgs(1, "one FILE"),
	}
	form := output(cmd, "json", "yaml")
	var sides kayenta.Sides
	cmd.Flags().StringVar(&sides.ControlScope, "control-scope", "", "scope of the control, put where ${scope} stands")
	cmd.Flags().StringVar(&sides.ControlLocation, "control-location", "", "location of the control, put where ${location} stands")
	cmd.Flags().StringVar(&sides.ExperimentScope, "experiment-scope", "", "scope of the experiment")
	cmd.Flags().StringVar(&sides.ExperimentLocation, "experiment-location", "", "location of the experiment")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return onFile(cmd, args, func(f files) error {
			return kayenta.Import(f.inputs[0].R, sides, kayenta.Form(form.value), cmd.OutOrStdout(), cmd.ErrOrStderr())
		})
	}
	return cmd
}

func newCanaryExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write a run as a Kayenta canary config",
		Long: `Write a run (FILE or -: the JSON or YAML that POST /v1/canaries takes) as a
Kayenta canary config. What has no counterpart is named on standard error, and
so are the scopes to execute it with.`,
		Example: "  bellwether canary export run.json > canaryconfig.json",
		Args:    exactArgs(1, "one FILE"),
	}
	judge := oneOf(cmd, "judge", "judge the config names", "NetflixACAJudge-v1.0", "Bellwether-native")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return onFile(cmd, args, func(f files) error {
			return kayenta.Export(f.inputs[0].R, judge.value, cmd.OutOrStdout(), cmd.ErrOrStderr())
		})
	}
	return cmd
}

func newCanaryCompare() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compare FILE",
		Short: "Judge samples by Kayenta's rules and natively, and say why they differ",
		Long: `Judge a Kayenta RemoteJudge request (FILE or -, JSON: canaryConfig,
scoreThresholds, metricSetPairList) by Kayenta's rules and by the native judge,
and say for every metric on which they differ why. A cause is named only if the
answer turns when that one thing is changed. The exit code is 0 whatever differs.`,
		Example: "  bellwether canary compare request.json -o markdown",
		Args:    exactArgs(1, "one FILE"),
	}
	form := output(cmd, "text", "markdown")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return onFile(cmd, args, func(f files) error {
			return kayenta.Compare(f.inputs[0].R, kayenta.Form(form.value), cmd.OutOrStdout())
		})
	}
	return cmd
}

// onFile opens the one file of a command; an error names it.
func onFile(cmd *cobra.Command, args []string, use func(files) error) error {
	f, err := openFiles(cmd, args)
	if err != nil {
		return err
	}
	defer f.close()
	if err := use(f); err != nil {
		return fmt.Errorf("%s: %w", f.inputs[0].Name, err)
	}
	return nil
}
