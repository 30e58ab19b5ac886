package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/api"
)

// runCanary starts a run and, if asked to, waits for its verdict.
func runCanary(cmd *cobra.Command, c *client, form string, start *bellwetherv1.StartAnalysisRequest, wait bool, w *watch) error {
	id, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (string, error) {
		r, err := bellwetherv1.NewCanaryServiceClient(conn).StartAnalysis(ctx, start)
		return r.GetId(), err
	})
	if err != nil {
		return err
	}
	if wait {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: run %s; looking every %s for at most %s\n", id, cmp.Or(start.GetSpec().GetLookEvery().AsDuration(), time.Minute), cmp.Or(start.GetSpec().GetMaxDuration().AsDuration(), time.Hour))
		return watchRun(cmd, c, form, id, true, w)
	}
	if form == "json" {
		return printJSON(cmd, &bellwetherv1.Analysis{Id: id, Spec: start.GetSpec(), Key: start.GetKey(), State: bellwetherv1.AnalysisState_ANALYSIS_STATE_RUNNING})
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), id)
	return err
}

// retrospect judges a past window.
func retrospect(cmd *cobra.Command, c *client, form string, r *bellwetherv1.RetrospectRequest, docs *documents) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.RetrospectResponse, error) {
		return bellwetherv1.NewCanaryServiceClient(conn).Retrospect(ctx, r)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		err = printJSON(cmd, answer)
	} else {
		_, err = fmt.Fprint(cmd.OutOrStdout(), answer.GetResult().GetTrace().GetText())
	}
	if err != nil {
		return err
	}
	written := docs.write(cmd, func(form string) ([]byte, error) {
		if form == "json" {
			return encode(answer, true)
		}
		return api.RetrospectReport(r, answer, form)
	})
	return verdictError(cmd, verdictCode(answer.GetResult()), written)
}

// verdictCode is the exit code of a verdict; what is not judged has no data.
func verdictCode(r *bellwetherv1.JudgeResponse) int {
	switch r.GetVerdict() {
	case bellwetherv1.CanaryVerdict_CANARY_VERDICT_PASS:
		return exitOK
	case bellwetherv1.CanaryVerdict_CANARY_VERDICT_INCONCLUSIVE:
		return 10
	case bellwetherv1.CanaryVerdict_CANARY_VERDICT_FAIL:
		return 20
	}
	return 30
}

// stateWord is how far a run is, in small letters.
func stateWord(a *bellwetherv1.Analysis) string {
	return strings.ToLower(word(a.GetState().String(), "ANALYSIS_STATE_"))
}

// verdictWord is "-" before the first look.
func verdictWord(a *bellwetherv1.Analysis) string {
	if w := a.GetResult().GetVerdictWord(); w != "" {
		return w
	}
	return "-"
}

// listRuns prints runs, a line each.
func listRuns(cmd *cobra.Command, c *client, form string, r *bellwetherv1.ListAnalysesRequest) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListAnalysesResponse, error) {
		return bellwetherv1.NewCanaryServiceClient(conn).ListAnalyses(ctx, r)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for _, a := range answer.GetAnalyses() {
		fmt.Fprintf(out, "%s  %-12s  %-8s  %s  %3d looks  %s\n", a.GetId(), verdictWord(a), stateWord(a), clock(a.GetStarted()), a.GetLooks(), a.GetSpec().GetName())
	}
	if len(answer.GetAnalyses()) == 0 {
		fmt.Fprintln(out, "No canary runs match.")
	}
	if answer.GetNextPageToken() != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: there are more; raise --limit")
	}
	return nil
}

// showRun prints a run with its newest verdict.
func showRun(cmd *cobra.Command, c *client, form, id string) error {
	a, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.Analysis, error) {
		r, err := bellwetherv1.NewCanaryServiceClient(conn).GetAnalysis(ctx, &bellwetherv1.GetAnalysisRequest{Id: id})
		return r.GetAnalysis(), err
	})
	if err != nil {
		return err
	}
	return printRun(cmd, form, a)
}

func printRun(cmd *cobra.Command, form string, a *bellwetherv1.Analysis) error {
	if form == "json" {
		return printJSON(cmd, a)
	}
	out, spec := cmd.OutOrStdout(), a.GetSpec()
	fmt.Fprintf(out, "%s  %s  %s, look %d, started %s\n", a.GetId(), spec.GetName(), stateWord(a), a.GetLooks(), clock(a.GetStarted()))
	fmt.Fprintf(out, "  canary %s against %s\n\n", spec.GetCanary(), spec.GetBaseline())
	if a.GetResult() == nil {
		_, err := fmt.Fprintln(out, "Nothing is judged yet.")
		return err
	}
	_, err := fmt.Fprint(out, a.GetResult().GetTrace().GetText())
	return err
}

// cancelRun ends a run.
func cancelRun(cmd *cobra.Command, c *client, form, id string) error {
	a, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.Analysis, error) {
		r, err := bellwetherv1.NewCanaryServiceClient(conn).CancelAnalysis(ctx, &bellwetherv1.CancelAnalysisRequest{Id: id})
		return r.GetAnalysis(), err
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, a)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is %s after %d looks; its verdict is %s.\n", a.GetId(), stateWord(a), a.GetLooks(), verdictWord(a))
	return err
}

// saveReport writes a document of a run.
func saveReport(cmd *cobra.Command, c *client, file string, r *bellwetherv1.GetReportRequest) error {
	data, err := ask(cmd, c, getReport(r))
	if err != nil {
		return err
	}
	if file == "-" {
		_, err = cmd.OutOrStdout().Write(data)
		return err
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

func getReport(r *bellwetherv1.GetReportRequest) func(context.Context, *grpc.ClientConn) ([]byte, error) {
	return func(ctx context.Context, conn *grpc.ClientConn) ([]byte, error) {
		b, err := bellwetherv1.NewCanaryServiceClient(conn).GetReport(ctx, r)
		return b.GetData(), err
	}
}
