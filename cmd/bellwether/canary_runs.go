package main

import (
	"github.com/spf13/cobra"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/offline"
)

func newCanaryList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the canary runs of a server, newest first",
		Example: "  bellwether canary list\n  bellwether canary list --name cart --state running",
		Args:    exactArgs(0, ""),
	}
	form := output(cmd, "text", "json")
	name := cmd.Flags().String("name", "", "only runs of this name")
	state := oneOf(cmd, "state", "only runs in this state", "any", "running", "done", "canceled")
	limit := cmd.Flags().Int32("limit", 50, "at most this many, up to 1000")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *limit < 1 || *limit > 1000 {
			return usagef(cmd, "cannot use --limit %d: want 1 to 1000", *limit)
		}
		return listRuns(cmd, c, form.value, &bellwetherv1.ListAnalysesRequest{Name: *name, State: analysisStates[state.value], Limit: *limit})
	}
	return cmd
}

var analysisStates = map[string]bellwetherv1.AnalysisState{
	"any":      bellwetherv1.AnalysisState_ANALYSIS_STATE_UNSPECIFIED,
	"running":  bellwetherv1.AnalysisState_ANALYSIS_STATE_RUNNING,
	"done":     bellwetherv1.AnalysisState_ANALYSIS_STATE_DONE,
	"canceled": bellwetherv1.AnalysisState_ANALYSIS_STATE_CANCELED,
}

func newCanaryShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a canary run and its newest verdict",
		Long: `Show a canary run and its newest verdict. The exit code is 0 whatever it is;
'bellwether canary watch' ends with the verdict's.`,
		Example: "  bellwether canary show ca-0c2f9a7b31de",
		Args:    exactArgs(1, "one ID"),
	}
	form := output(cmd, "text", "json")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return showRun(cmd, c, form.value, args[0]) }
	return cmd
}

func newCanaryWatch() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch ID",
		Short: "Follow a canary run to its verdict",
		Long: `Follow a canary run to its verdict, like 'bellwether canary run --wait' would
have. The exit code is the verdict: ` + exitCodesHelp + `.`,
		Example: "  bellwether canary watch ca-0c2f9a7b31de\n  bellwether canary watch ca-0c2f9a7b31de --report canary.html",
		Args:    exactArgs(1, "one ID"),
	}
	form := output(cmd, "text", "json")
	w := watchFlags(cmd)
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := w.check(cmd); err != nil {
			return err
		}
		return watchRun(cmd, c, form.value, args[0], false, w)
	}
	return cmd
}

func newCanaryCancel() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cancel ID",
		Short:   "End a canary run early; its verdict stays what it was",
		Example: "  bellwether canary cancel ca-0c2f9a7b31de",
		Args:    exactArgs(1, "one ID"),
	}
	form := output(cmd, "text", "json")
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return cancelRun(cmd, c, form.value, args[0]) }
	return cmd
}

func newCanaryReport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report ID",
		Short: "Write the report of a canary run as a document",
		Long: `Write the report of a canary run: a self-contained page with plots, Markdown for
a pull request, JUnit XML, the text of the trace, or the samples as a request
for 'bellwether canary judge'. The form follows the suffix of the file: .html,
.md, .xml, .txt, .json (the samples).`,
		Example: "  bellwether canary report ca-0c2f9a7b31de -o canary.html\n  bellwether canary report ca-0c2f9a7b31de --form markdown",
		Args:    exactArgs(1, "one ID"),
	}
	file := cmd.Flags().StringP("output", "o", "-", "file to write; - is standard output")
	form := oneOf(cmd, "form", "form of the document (default: by the suffix of the file, markdown on standard output)", "auto", "html", "markdown", "junit", "text", "github", "github-output", "request")
	web := webFlag(cmd)
	c := clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked := form.value
		if asked == "auto" {
			asked = "markdown"
			if *file != "-" {
				var err error
				if asked, err = offline.ReportForm(*file); err != nil {
					return usagef(cmd, "%v, or give --form", err)
				}
			}
			if asked == "json" {
				asked = "request"
			}
		}
		return saveReport(cmd, c, *file, &bellwetherv1.GetReportRequest{Id: args[0], Format: asked, Link: *web})
	}
	return cmd
}

// webFlag adds the address that documents link to.
func webFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("web", "", "web address of the server as readers reach it, such as https://bellwether.example: documents link to it")
}
