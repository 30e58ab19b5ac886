package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/bellwether-ts/bellwether/server/offline"
)

// timeFlag is an optional instant, which may also be written as how long ago it
// was.
type timeFlag struct{ ms *int64 }

// String implements pflag.Value.
func (t *timeFlag) String() string {
	if t.ms == nil {
		return ""
	}
	return offline.FormatTime(*t.ms)
}

// Set implements pflag.Value.
func (t *timeFlag) Set(s string) error {
	if ago, err := time.ParseDuration(s); err == nil && ago > 0 {
		ms := time.Now().Add(-ago).UnixMilli()
		t.ms = &ms
		return nil
	}
	ms, err := offline.ParseTime(s)
	if err != nil {
		return errors.New("write RFC 3339 (2026-01-02T15:04:05Z), 2026-01-02 15:04:05 (UTC), Unix seconds or milliseconds, or how long ago it was (24h)")
	}
	t.ms = &ms
	return nil
}

// Type implements pflag.Value.
func (t *timeFlag) Type() string { return "TIME" }

// choice is a flag with a few possible values.
type choice struct {
	value string
	known []string
}

// String implements pflag.Value.
func (c *choice) String() string { return c.value }

// Set implements pflag.Value.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.known, s) {
		return fmt.Errorf("want %s%s", strings.Join(c.known, ", "), nearest(s, c.known))
	}
	c.value = s
	return nil
}

// Type implements pflag.Value.
func (c *choice) Type() string { return strings.Join(c.known, "|") }

// nearest is didYouMean without the list.
func nearest(s string, known []string) string {
	if text := didYouMean(s, known, ""); strings.HasPrefix(text, "; did") {
		return text
	}
	return ""
}

// output adds -o with the given forms; the first is the default.
func output(cmd *cobra.Command, forms ...string) *choice {
	c := &choice{value: forms[0], known: forms}
	cmd.Flags().VarP(c, "output", "o", "form of the result")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// oneOf adds a flag with a few possible values; the first is the default.
func oneOf(cmd *cobra.Command, name, usage string, known ...string) *choice {
	c := &choice{value: known[0], known: known}
	cmd.Flags().Var(c, name, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// timeVar adds an optional instant.
func timeVar(cmd *cobra.Command, name, usage string) *timeFlag {
	t := &timeFlag{}
	cmd.Flags().Var(t, name, usage)
	return t
}

// files are the inputs of an offline command: opened, with progress on
// standard error where that is a terminal.
type files struct {
	inputs []offline.Input
	close  func()
}

func openFiles(cmd *cobra.Command, paths []string) (files, error) {
	inputs, closeFiles, err := offline.OpenInputs(paths, cmd.InOrStdin())
	if err != nil {
		return files{}, err
	}
	f := files{inputs: inputs, close: func() { _ = closeFiles() }} // Read only: nothing is lost by a failing close.
	if stderr, ok := terminal(cmd.ErrOrStderr()); ok {
		var done func()
		f.inputs, done = offline.WithProgress(inputs, stderr)
		f.close = func() { done(); _ = closeFiles() }
	}
	return f, nil
}

// terminal returns w if it is a terminal.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

func isTerminal(w io.Writer) bool {
	_, ok := terminal(w)
	return ok
}

// strict adds --strict.
func strict(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("strict", false, "stop at the first row that cannot be read instead of skipping and counting it")
}
