package main

import "github.com/spf13/cobra"

func newExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain ID",
		Short: "Say why an anomaly, event, group, notification, suppression, canary run or objective is what it is",
		Example: `  bellwether explain a-19e0c2
  bellwether explain checkout-availability -o json`,
		Args: exactArgs(1, "one ID"),
	}
	form := output(cmd, "text", "json")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return explain(cmd, c, form.value, args[0])
	}
	return cmd
}
