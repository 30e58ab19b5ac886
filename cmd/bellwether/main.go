// Command bellwether is the one binary: it serves, and it runs the same
// analyses on files.
//
//	bellwether serve | demo             the service
//	bellwether detect FILE              is something wrong?
//	bellwether correlate FILE           what moved with it, who is to blame?
//	bellwether canary judge FILE        is this deploy safe?
//	bellwether replay FILE              what would have been alerted?
//	bellwether slo | alert | explain    questions to a running server
//
// Nothing lives here but flags and calls: one file a command, client_*.go for
// the calls to a server. Results go to standard output, everything else to
// standard error. The exit code is 0 when the command did its work, whatever
// it found; 2 for wrong usage; 1 for any other error. A canary verdict has the
// codes 0 PASS, 10 INCONCLUSIVE, 20 FAIL, 30 NO_DATA.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var verdict exitCode
	if errors.As(err, &verdict) {
		return int(verdict)
	}
	fmt.Fprintf(stderr, "bellwether: %v\n", err)
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "Run '%s -h' for its flags and an example.\n", usage.command)
		return exitUsage
	}
	return exitError
}
