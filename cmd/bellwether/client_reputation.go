package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// listReputations prints the entities of a server, worst first.
func listReputations(cmd *cobra.Command, c *client, form, standing string) error {
	req := &bellwetherv1.ListReputationsRequest{Limit: 1000}
	if standing != "all" {
		req.Standing = standing
	}
	answer, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.ListReputationsResponse, error) {
		return bellwetherv1.NewDetectServiceClient(conn).ListReputations(ctx, req)
	})
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(cmd, answer)
	}
	out := cmd.OutOrStdout()
	for _, r := range answer.GetReputations() {
		if r.GetScore() < .005 && standing == "all" {
			break // The rest is good; the last line counts it.
		}
		fmt.Fprintf(out, "%s  %s=%s  score %.2f\n", r.GetStanding(), r.GetLabel(), r.GetEntity(), r.GetScore())
		for _, e := range r.GetEvents() {
			fmt.Fprintf(out, "    %s  +%.3g  %s\n", clock(e.GetTime()), e.GetWeight(), e.GetWhat())
		}
	}
	fmt.Fprintf(out, "%d entities, mean score %.3g; a score halves every %s.\n", answer.GetEntities(), answer.GetAverage(), answer.GetHalfLife().AsDuration())
	if answer.GetTruncated() {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: the list is cut at 1000")
	}
	return nil
}
