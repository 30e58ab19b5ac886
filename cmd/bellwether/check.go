package main

import (
	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration and the servers it names, without starting",
		Long: `Check a configuration: every unknown or wrong field with its line, the objectives
it names, and whether the source and the webhooks it names can be reached.
Exit code 1 if anything is wrong.`,
		Example: `  bellwether check --config.file bellwether.yml
  bellwether check --source http://localhost:9090`,
		Args: exactArgs(0, ""),
	}
	var o offline.CheckOptions
	form := output(cmd, "text", "json")
	cmd.Flags().StringVar(&o.ConfigFile, "config.file", "", "configuration to check")
	cmd.Flags().StringVar(&o.Source, "source", "", "URL of a Prometheus-compatible server to reach")
	cmd.Flags().BoolVar(&o.Offline, "offline", false, "reach for no server")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.Output = offline.Format(form.value)
		ok, err := offline.Check(cmd.Context(), o, cmd.OutOrStdout())
		if err == nil && !ok {
			err = exitCode(exitError)
		}
		return err
	}
	return cmd
}
