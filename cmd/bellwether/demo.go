package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server"
)

func newDemo() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the service on a simulated company with a week of history and an incident",
		Long: `Run the service on a simulated company: a week of history, and one incident that
is running. Nothing is kept. The same seed gives the same company.`,
		Example: `  bellwether demo
  bellwether demo --seed 7`,
		Args: exactArgs(0, ""),
	}
	var o server.DemoOptions
	serveFlags(cmd, &o.Options)
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "which company and which noise")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.Story = func(s server.Story) {
			fmt.Fprintf(cmd.ErrOrStderr(), "note: seed %d: %d samples of %d series simulated and analysed in %s\n", o.Seed, s.Samples, s.Series, s.Took.Round(1e8))
		}
		o.Ready = func(a server.Addresses) {
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n", a.URL())
		}
		return server.Demo(cmd.Context(), o)
	}
	return cmd
}
