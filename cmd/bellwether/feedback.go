package main

import (
	"github.com/spf13/cobra"
)

func newFeedback() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "feedback ID",
		Short: "Tell a server whether an anomaly was one",
		Long: `Tell a server whether an anomaly was one. After --not-an-anomaly the series asks
for more evidence before it tells of the like (same kind and direction) again,
less so with every day, until 30 days have passed. --useful takes that back.`,
		Example: `  bellwether feedback an-19e0c2 --not-an-anomaly --note 'nightly backup'
  bellwether feedback an-19e0c2 --useful`,
		Args: exactArgs(1, "one ID of an anomaly"),
	}
	form := output(cmd, "text", "json")
	not := cmd.Flags().Bool("not-an-anomaly", false, "nothing was wrong")
	useful := cmd.Flags().Bool("useful", false, "it was worth telling")
	note := cmd.Flags().String("note", "", "who says so, and why")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *not == *useful {
			return usagef(cmd, "say which: --not-an-anomaly or --useful")
		}
		return giveFeedback(cmd, c, form.value, args[0], *useful, *note)
	}
	return cmd
}

func newDeploy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy [SELECTOR]",
		Short: "Tell a server that a change went out, or list those it was told of",
		Long: `Tell a server that a change went out. For half an hour (or 15 samples, if that is
longer) the series that match may change their level: what settles is accepted
without an anomaly. A drop to zero, silence and a far larger change are still
told. Without a SELECTOR it lists the deploys of the last 30 days.`,
		Example: `  bellwether deploy 'service="cart"' --description 'cart v2.4.1'
  bellwether deploy`,
		Args: atMostOne("SELECTOR"),
	}
	form := output(cmd, "text", "json")
	at := timeVar(cmd, "at", "when it went out (default now)")
	description := cmd.Flags().String("description", "", "what went out: version, commit, link")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			if at.ms != nil || *description != "" {
				return usagef(cmd, "--at and --description go with a SELECTOR")
			}
			return listDeploys(cmd, c, form.value)
		}
		return markDeploy(cmd, c, form.value, args[0], at.ms, *description)
	}
	return cmd
}
