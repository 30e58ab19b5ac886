package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	bellwetherv1 "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// Waiting for a verdict. The run is the server's, so neither a restart of the
// server nor an interrupt here ends it.

// watch says how to wait and what to write at the end.
type watch struct {
	reconnect         time.Duration
	cancelOnInterrupt bool
	web               *string
	docs              *documents
}

func watchFlags(cmd *cobra.Command) *watch {
	w := &watch{}
	cmd.Flags().DurationVar(&w.reconnect, "reconnect", 10*time.Minute, "keep trying this long when the server cannot be reached while waiting")
	cmd.Flags().BoolVar(&w.cancelOnInterrupt, "cancel-on-interrupt", false, "cancel the run when this command is interrupted")
	w.docs = documentFlags(cmd)
	w.web = webFlag(cmd)
	return w
}

func (w *watch) check(cmd *cobra.Command) error {
	if w.reconnect < 0 {
		return usagef(cmd, "cannot use --reconnect %s: want 0 or more", w.reconnect)
	}
	return w.docs.check(cmd)
}

// watchRun follows a run to its end and ends with the code of its verdict.
// reached says that the server has just answered.
func watchRun(cmd *cobra.Command, c *client, form, id string, reached bool, w *watch) error {
	last, err := ask(cmd, c, func(ctx context.Context, conn *grpc.ClientConn) (*bellwetherv1.Analysis, error) {
		f := follower{cmd: cmd, client: bellwetherv1.NewCanaryServiceClient(conn), id: id, patience: w.reconnect, reached: reached}
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return nil, w.interrupted(ctx, f.client, id)
		}
		return f.last, err
	})
	if err != nil {
		return err
	}
	if form == "json" {
		err = printJSON(cmd, last)
	} else {
		_, err = fmt.Fprint(cmd.OutOrStdout(), last.GetResult().GetTrace().GetText())
	}
	if err != nil {
		return err
	}
	written := w.docs.write(cmd, func(form string) ([]byte, error) {
		if form == "json" {
			return encode(last, true)
		}
		return ask(cmd, c, getReport(&bellwetherv1.GetReportRequest{Id: id, Format: form, Link: *w.web}))
	})
	return verdictError(cmd, verdictCode(last.GetResult()), written)
}

// interrupted says what becomes of the run.
func (w *watch) interrupted(ctx context.Context, cc bellwetherv1.CanaryServiceClient, id string) error {
	goesOn := fmt.Errorf("interrupted before a verdict: run %s goes on; 'bellwether canary watch %s' follows it, 'bellwether canary cancel %s' ends it", id, id, id)
	if !w.cancelOnInterrupt {
		return plainError{goesOn}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := cc.CancelAnalysis(ctx, &bellwetherv1.CancelAnalysisRequest{Id: id}); err != nil {
		return plainError{fmt.Errorf("cannot cancel the run (%s): %w", status.Convert(err).Message(), goesOn)}
	}
	return plainError{fmt.Errorf("interrupted before a verdict: run %s was canceled", id)}
}

// follower follows one run over as many connections as it takes.
type follower struct {
	cmd      *cobra.Command
	client   bellwetherv1.CanaryServiceClient
	id       string
	patience time.Duration
	reached  bool                   // The server has answered before: one that does not is away, not misspelt.
	last     *bellwetherv1.Analysis // As the server told it last.
}

// Pauses between attempts to reach a server.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 15 * time.Second
)

// follow returns when the run has ended, nobody waits any more, or the server
// stays away for longer than the patience.
func (f *follower) follow(ctx context.Context) error {
	var away time.Time // Since when the server cannot be reached; zero while it can.
	pause := firstPause
	for {
		heard, err := f.listen(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && f.ended():
			return nil
		case err != nil && (!lost(err) || !f.reached):
			return err
		}
		if heard || away.IsZero() {
			away, pause = time.Now(), firstPause
			fmt.Fprintf(f.cmd.ErrOrStderr(), "note: lost the server; the run goes on there, trying again for %s\n", f.patience)
		}
		if time.Since(away)+pause > f.patience {
			if err == nil {
				err = status.Error(codes.Unavailable, "the server ends the stream before the run has ended")
			}
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// listen follows one stream; heard says whether anything came.
func (f *follower) listen(ctx context.Context) (heard bool, err error) {
	stream, err := f.client.WatchAnalysis(ctx, &bellwetherv1.WatchAnalysisRequest{Id: f.id}, grpc.WaitForReady(false))
	for err == nil {
		var m *bellwetherv1.WatchAnalysisResponse
		if m, err = stream.Recv(); err != nil {
			break
		}
		a := m.GetAnalysis()
		if a.GetLooks() > f.last.GetLooks() {
			fmt.Fprintf(f.cmd.ErrOrStderr(), "note: look %d: %s%s\n", a.GetLooks(), verdictWord(a), missing(a.GetResult()))
		}
		f.last, f.reached, heard = a, true, true
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return heard, err
}

// missing says what an undecided look waits for.
func missing(r *bellwetherv1.JudgeResponse) string {
	if r.GetVerdict() != bellwetherv1.CanaryVerdict_CANARY_VERDICT_INCONCLUSIVE || r.GetLimitingMetric() == "" {
		return ""
	}
	s := ", " + r.GetLimitingMetric() + " holds it back"
	if r.MinutesNeeded != nil && r.GetMinutesNeeded() > 0 {
		s += fmt.Sprintf(", about %.0f minutes more", max(1, r.GetMinutesNeeded()))
	}
	return s
}

func (f *follower) ended() bool {
	s := f.last.GetState()
	return s == bellwetherv1.AnalysisState_ANALYSIS_STATE_DONE || s == bellwetherv1.AnalysisState_ANALYSIS_STATE_CANCELED
}

// lost says whether an error is one of the way to the server, not of the run.
func lost(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled, codes.Internal, codes.Aborted:
		return true
	}
	return false
}
