package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/bellwether-ts/bellwether/server/offline"
)

// documents are the reports a verdict is written to beside its text: files, and
// what a GitHub workflow reads.
type documents struct {
	files  []string
	junit  string
	github bool
}

// documentFlags adds the flags of a command that has a verdict.
func documentFlags(cmd *cobra.Command) *documents {
	d := &documents{}
	cmd.Flags().StringArrayVar(&d.files, "report", nil, "write the report to this file, in the form of its suffix: .html, .md, .xml (JUnit), .json or .txt; repeat for more")
	cmd.Flags().StringVar(&d.junit, "junit", "", "write JUnit XML to this file, whatever its suffix")
	cmd.Flags().BoolVar(&d.github, "github", false, "annotate a GitHub workflow, write its step summary and outputs (default: where GITHUB_ACTIONS is true)")
	return d
}

// check refuses files whose form cannot be told, before the work is done.
func (d *documents) check(cmd *cobra.Command) error {
	for _, f := range d.files {
		if _, err := offline.ReportForm(f); err != nil {
			return usagef(cmd, "%v", err)
		}
	}
	if !cmd.Flags().Changed("github") {
		d.github = os.Getenv("GITHUB_ACTIONS") == "true"
	}
	return nil
}

// wanted says whether there is anything to write.
func (d *documents) wanted() bool { return len(d.files) > 0 || d.junit != "" || d.github }

// write renders and places every document; one that fails does not stop the
// others.
func (d *documents) write(cmd *cobra.Command, render func(form string) ([]byte, error)) error {
	var errs []error
	place := func(form string, put func([]byte) error) {
		data, err := render(form)
		if err == nil {
			err = put(data)
		}
		errs = append(errs, err)
	}
	toFile := func(path string) func([]byte) error {
		return func(data []byte) error {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				return fmt.Errorf("cannot write the report: %w", err)
			}
			return nil
		}
	}
	for _, f := range d.files {
		form, err := offline.ReportForm(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		place(form, toFile(f))
	}
	if d.junit != "" {
		place("junit", toFile(d.junit))
	}
	if d.github {
		place("github", func(data []byte) error { // The runner reads both streams; results own standard output.
			_, err := cmd.ErrOrStderr().Write(data)
			return err
		})
		place("markdown", appendTo("GITHUB_STEP_SUMMARY"))
		place("github-output", appendTo("GITHUB_OUTPUT"))
	}
	return errors.Join(errs...)
}

// appendTo adds to the file an environment variable names; without it there is
// nobody to read.
func appendTo(variable string) func([]byte) error {
	return func(data []byte) error {
		path := os.Getenv(variable)
		if path == "" {
			return nil
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = f.Write(data)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return fmt.Errorf("cannot append to $%s: %w", variable, err)
		}
		return nil
	}
}

// verdictError is how a command with a verdict ends: with the verdict's code.
// A document that could not be written is said, and spoils a PASS only.
func verdictError(cmd *cobra.Command, code int, documents error) error {
	if code == exitOK {
		return documents
	}
	if documents != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "bellwether: %v\n", documents)
	}
	return exitCode(code)
}
