package main

import "github.com/spf13/cobra"

func newDemo() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Run the service on a simulated company with a week of history and an incident",
		Long:    "Run the service on a simulated company: a week of history, and one incident that\nstarts soon after. Nothing is kept. The same seed gives the same bytes.",
		Example: "  bellwether demo\n  bellwether demo --seed 7",
		Args:    exactArgs(0, ""),
	}
	f := serveFlags{demo: true}
	f.add(cmd)
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "which company and which noise")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runServer(cmd.Context(), f) }
	return cmd
}
