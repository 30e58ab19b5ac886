package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// giveFeedback says what a person thinks of an anomaly.
func giveFeedback(cmd *cobra.Command, c *client, form, id string, useful bool, note string) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.GiveFeedbackResponse, error) {
		return bellwetherv1.NewDetectServiceClient(conn).GiveFeedback(ctx, &bellwetherv1.GiveFeedbackRequest{Id: id, Useful: useful, Note: note})
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	a := answer.GetAnomaly()
	said := "noted as no anomaly: the like of it needs more evidence from here on"
	if useful {
		said = "noted as useful"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s: %s\n", a.GetId(), seriesName(a.GetLabels()), a.GetKind(), said)
	return err
}

// markDeploy tells that a change went out; at is optional Unix milliseconds.
func markDeploy(cmd *cobra.Command, c *client, form, selector string, at *int64, description string) error {
	req := &bellwetherv1.MarkDeployRequest{Matcher: selector, Time: timestamp(at), Description: description}
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.MarkDeployResponse, error) {
		return bellwetherv1.NewDetectServiceClient(conn).MarkDeploy(ctx, req)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  marked: %d watched series may change their level\n", answer.GetDeploy().GetId(), answer.GetSeries())
	if answer.GetSeries() == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: no watched series matches; series that appear within two hours still count")
	}
	return err
}

// listDeploys prints the deploys a server was told of.
func listDeploys(cmd *cobra.Command, c *client, form string) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListDeploysResponse, error) {
		return bellwetherv1.NewDetectServiceClient(conn).ListDeploys(ctx, &bellwetherv1.ListDeploysRequest{Limit: 1000})
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for _, d := range answer.GetDeploys() {
		fmt.Fprintf(out, "%s  %s  %s  %s: %d series, %d changed their level\n", d.GetId(), clock(d.GetTime()), d.GetMatcher(), d.GetDescription(), d.GetSeries(), d.GetMoved())
	}
	if len(answer.GetDeploys()) == 0 {
		fmt.Fprintln(out, "No deploys in the last 30 days.")
	}
	return nil
}
