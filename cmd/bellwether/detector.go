package main

import (
	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

func newDetector() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "detector",
		Short: "Check your own detectors, or see how those of a server do",
		Long: `Detectors of your own are YAML files of expressions; docs/guide/detection.md has
the language. A server runs those that detect.detectors names.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newDetectorCheck(), newDetectorList())
	return cmd
}

func newDetectorCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Compile detectors, say what they read and cost, and try them on data",
		Long: `Compile files of detectors and describe them: what each reads, remembers and
computes, and what a sample costs as far as that can be told without data. With
--on they run over a data file, and it is said what they find and what it cost.
Every fault is named with its line; exit code 1 if there is one.`,
		Example: `  bellwether detector check queue_stuck.yaml
  bellwether detector check detectors/*.yaml --on metrics.csv`,
	}
	on := cmd.Flags().StringArray("on", nil, "data file to run them on (CSV, JSON or OpenMetrics)")
	budget := cmd.Flags().Float64("budget", 0, "false alarms tolerated per 1000 series-days (default 10)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(cmd, "%s needs a FILE of detectors", cmd.CommandPath())
		}
		var f files
		if len(*on) > 0 {
			var err error
			if f, err = openFiles(cmd, *on); err != nil {
				return err
			}
			defer f.close()
		}
		return offline.CheckDetectors(cmd.Context(), args, f.inputs, offline.DetectOptions{
			ReadOptions: offline.ReadOptions{Notes: cmd.ErrOrStderr()}, Budget: *budget,
		}, cmd.OutOrStdout())
	}
	return cmd
}
