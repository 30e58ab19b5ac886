package main

import "github.com/spf13/cobra"

func newReputation() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reputation",
		Short: "List the services that events speak against, worst first",
		Long: "List the services (else jobs, else instances) of a server that anomalies, failed\n" +
			"canaries and burning objectives speak against, worst first, with the last few of\n" +
			"them. A score halves every six hours.",
		Example: `  bellwether reputation
  bellwether reputation --standing bad -o json`,
		Args: cobra.NoArgs,
	}
	form := output(cmd, "text", "json")
	standing := oneOf(cmd, "standing", "list only those that stand so", "all", "good", "dubious", "bad")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return listReputations(cmd, c, form.value, standing.value)
	}
	return cmd
}
