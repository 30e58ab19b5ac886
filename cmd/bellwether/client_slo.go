package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// listObjectives prints the objectives of a server, the most burnt first.
func listObjectives(cmd *cobra.Command, c *client, form string) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListObjectivesResponse, error) {
		return bellwetherv1.NewSLOServiceClient(conn).ListObjectives(ctx, &bellwetherv1.ListObjectivesRequest{})
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for _, o := range answer.GetObjectives() {
		fmt.Fprintf(out, "%s: %s\n", o.GetName(), o.GetSentence())
	}
	if len(answer.GetObjectives()) == 0 {
		fmt.Fprintln(out, "The server has no objectives; name OpenSLO files in the slo section of its configuration.")
	}
	return nil
}

// getObjective prints why one objective's verdict is what it is.
func getObjective(cmd *cobra.Command, c *client, form, name string) error {
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.GetObjectiveResponse, error) {
		return bellwetherv1.NewSLOServiceClient(conn).GetObjective(ctx, &bellwetherv1.GetObjectiveRequest{Name: name})
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	_, err = fmt.Fprint(cmd.OutOrStdout(), answer.GetTrace().GetText())
	return err
}
