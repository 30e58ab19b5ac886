// Package report writes a canary's verdict down for people and pipelines: one
// self-contained HTML page with plots, Markdown for a pull request, JUnit XML
// and the lines of a GitHub workflow. It reads a verdict and decides nothing.
package report
