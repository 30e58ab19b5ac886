package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `Bellwether answers four questions about running services from their metrics:
is something wrong, what moved with it, is this deploy safe, are users hurting.

With a FILE (CSV, query_range JSON, OpenMetrics; plain or .gz; - for standard
input) a command works offline; without one it asks the server at --server.`

// newRoot returns the command tree.
func newRoot() *cobra.Command {
	cobra.EnableCommandSorting = false // Ours is the order in which people meet them.
	root := &cobra.Command{
		Use:           "bellwether",
		Short:         "Time-series analytics in one binary",
		Long:          rootLong,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newServe(), newDemo(), newCheck(), newDetect(), newDetector(), newCorrelate(), newCanary(), newSLO(), newAlert(), newReplay(), newExplain(), newReputation(), newFeedback(), newDeploy(), newVersion())
	root.InitDefaultCompletionCmd("completion")
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Short, c.RunE, c.Args = "Print the completion script of a shell", group, cobra.ArbitraryArgs
			c.Example = "  source <(bellwether completion bash)"
		}
	}
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "help [COMMAND]", RunE: func(_ *cobra.Command, args []string) error {
		target, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return unknownCommand(root, args[0])
		}
		return target.Help()
	}})
	plainHelp := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd != root {
			plainHelp(cmd, args)
			return
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n%s", rootLong, surface(root))
	})
	for _, c := range []string{"canary", "alert"} {
		if sub, _, err := root.Find([]string{c}); err == nil {
			sub.DisableFlagsInUseLine = true
		}
	}
	return root
}

// surface is everything there is to type: each command with its flags and an
// example.
func surface(root *cobra.Command) string {
	var b strings.Builder
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Example != "" {
			fmt.Fprintf(&b, "%s\n    %s\n", strings.TrimSuffix(c.UseLine(), " [flags]"), c.Short)
			var flags []string
			c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
				if f.Hidden || f.Name == "help" {
					return
				}
				name := "--" + f.Name
				if f.Shorthand != "" {
					name = "-" + f.Shorthand + "/" + name
				}
				flags = append(flags, name)
			})
			if len(flags) > 0 {
				fmt.Fprintf(&b, "    flags: %s\n", strings.Join(flags, " "))
			}
			first, _, _ := strings.Cut(strings.TrimLeft(c.Example, "\n"), "\n")
			fmt.Fprintf(&b, "    e.g. %s\n", strings.TrimSpace(first))
		}
		for _, sub := range c.Commands() {
			if !sub.Hidden {
				walk(sub)
			}
		}
	}
	walk(root)
	b.WriteString("\nRun 'bellwether COMMAND -h' for what its flags mean.\n")
	return b.String()
}
