package main

import "github.com/spf13/cobra"

func newSLO() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slo [NAME]",
		Short: "List objectives with their burn, or explain one",
		Long:  "List the objectives of a server, the most burnt first; with a NAME, say why its\nverdict is what it is and what would change it.",
		Example: `  bellwether slo
  bellwether slo checkout-availability -o json`,
		Args: atMostOne("NAME"),
	}
	form := output(cmd, "text", "json")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return getObjective(cmd, c, form.value, args[0])
		}
		return listObjectives(cmd, c, form.value)
	}
	return cmd
}

// atMostOne allows one argument or none.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef(cmd, "%s takes one %s, %q is one too many", cmd.CommandPath(), what, args[1])
		}
		return nil
	}
}
