// Package report writes a canary's verdict down for people and pipelines.
//
// A Report is a verdict, the request it was reached on and what both do not
// know: the name, the run, the window, the queries. Render writes it in one of
// the forms
//
//	html            a self-contained page with plots: no script, no outside request
//	markdown        a comment for a pull request
//	junit           a test report: a case per metric and gate
//	text            the verdict's own trace
//	github          workflow commands, which mark a job's log
//	github-output   the outputs of a job's step
//	request         the samples, to judge them again
//
// What is worst comes first everywhere, and every form says the verdict in a
// word: none says it by colour alone. A form is a function of the report: the
// same report gives the same bytes.
//
// The package decides nothing, and it invents nothing: a number a judge did not
// give is left out, samples that are gone are said to be gone. Names of metrics
// are the user's and are escaped by the rules of each form.
package report
