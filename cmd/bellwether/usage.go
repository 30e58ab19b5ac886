package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// The exit codes besides those of a canary verdict.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// exitCode ends the process with a code and no message: the verdict has been
// written.
type exitCode int

// Error implements error.
func (c exitCode) Error() string { return "exit code " + strconv.Itoa(int(c)) }

// usageError is a command line that cannot be understood.
type usageError struct {
	command string // Whose help to read.
	text    string
}

// Error implements error.
func (e *usageError) Error() string { return e.text }

func usagef(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{command: cmd.CommandPath(), text: fmt.Sprintf(format, args...)}
}

// flagError turns what the flag parser says into our prose.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var value *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &missing):
		name := missing.GetSpecifiedName()
		if missing.GetSpecifiedShortnames() != "" {
			return usagef(cmd, "unknown flag -%s", name)
		}
		return usagef(cmd, "unknown flag --%s%s", name, didYouMean(name, flagNames(cmd), "--"))
	case errors.As(err, &value):
		return usagef(cmd, "flag --%s needs a value: %s", value.GetFlag().Name, value.GetFlag().Usage)
	case errors.As(err, &invalid):
		return usagef(cmd, "cannot use --%s %s: %v", invalid.GetFlag().Name, invalid.GetValue(), plainCause(invalid.Unwrap()))
	}
	return usagef(cmd, "%v", err)
}

// plainCause drops Go's names for what went wrong with a number.
func plainCause(err error) error {
	var num *strconv.NumError
	if errors.As(err, &num) {
		return fmt.Errorf("it is not a number")
	}
	return err
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// unknownCommand is the error of a word that is no command of cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usagef(cmd, "unknown command %q%s", word, didYouMean(word, names, ""))
}

// group is the RunE of a command that only holds other commands.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return cmd.Help()
}

// exactArgs wants n arguments; what names them, and is not read for none.
func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case n == 0 && len(args) > 0:
			return usagef(cmd, "%s takes no argument, not %q", cmd.CommandPath(), args[0])
		case len(args) < n:
			return usagef(cmd, "%s needs %s", cmd.CommandPath(), what)
		case len(args) > n:
			return usagef(cmd, "%s takes %s only, %q is one too many", cmd.CommandPath(), what, args[n])
		}
		return nil
	}
}

// didYouMean names the nearest known word, or all of them if none is near.
func didYouMean(word string, known []string, prefix string) string {
	best := spelling.Nearest(word, known)
	if best != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, best)
	}
	if len(known) == 0 {
		return ""
	}
	return fmt.Sprintf("; known are %s%s", prefix, strings.Join(known, ", "+prefix))
}
