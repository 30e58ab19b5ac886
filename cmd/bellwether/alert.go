package main

import (
	"time"

	"github.com/spf13/cobra"
)

func newAlert() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alert",
		Short: "List, explain, suppress and watch the alerts of a server",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	cmd.AddCommand(newAlertList(), newAlertExplain(), newAlertSuppress(), newAlertWatch())
	return cmd
}

func newAlertList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [SELECTOR]",
		Short: "List groups of alerts, open ones first",
		Example: `  bellwether alert list
  bellwether alert list 'service="cart"' --all`,
		Args: atMostOne("SELECTOR"),
	}
	form := output(cmd, "text", "json")
	all := cmd.Flags().Bool("all", false, "closed groups too")
	limit := cmd.Flags().Int32("limit", 100, "groups listed at most, 1 to 1000")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return listGroups(cmd, c, form.value, first(args), !*all, *limit)
	}
	return cmd
}

func newAlertExplain() *cobra.Command {
	cmd := newExplain()
	cmd.Example = "  bellwether alert explain g-4f1c"
	return cmd
}

func newAlertSuppress() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "suppress SELECTOR...",
		Short: "Mute what the selectors match, for a time",
		Long: `Mute what any of the selectors matches, for a time. --preview creates nothing
and says what would have been muted. When the time is over, what is still
unhealthy notifies at once.`,
		Example: `  bellwether alert suppress 'service="cart"' --for 2h --reason 'moving the database'
  bellwether alert suppress 'service="cart"' --for 2h --reason test --preview`,
		Args: cobra.ArbitraryArgs,
	}
	form := output(cmd, "text", "json")
	var s suppression
	cmd.Flags().DurationVar(&s.length, "for", 0, "how long, at most 168h (required)")
	start := timeVar(cmd, "start", "when it begins (default: now)")
	cmd.Flags().StringVar(&s.reason, "reason", "", "what for (required)")
	cmd.Flags().StringVar(&s.by, "by", "", "who mutes (default: $USER)")
	cmd.Flags().BoolVar(&s.preview, "preview", false, "only say what it would mute")
	cmd.Flags().BoolVar(&s.confirm, "confirm", false, "go ahead although it mutes more than the guard allows")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef(cmd, "nothing to mute: give at least one SELECTOR, such as service=\"cart\"")
		case s.length <= 0 || s.length > 7*24*time.Hour:
			return usagef(cmd, "a suppression needs an end: give --for a duration up to 168h, such as 2h")
		case s.reason == "":
			return usagef(cmd, "say what for with --reason TEXT: whoever wonders why it is quiet will read it")
		}
		s.targets, s.start = args, start.ms
		return suppress(cmd, c, form.value, s)
	}
	return cmd
}

func newAlertWatch() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch [SELECTOR]",
		Short: "Follow what becomes of alerts, from now or from a resume token",
		Example: `  bellwether alert watch
  bellwether alert watch 'service="cart"' -o json`,
		Args: atMostOne("SELECTOR"),
	}
	form := output(cmd, "text", "json")
	token := cmd.Flags().String("resume", "", "resume after this token")
	high := cmd.Flags().Bool("high", false, "only what is HIGH")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return watchAlerts(cmd, c, form.value, first(args), *token, *high)
	}
	return cmd
}

// first returns the first argument, or nothing.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
