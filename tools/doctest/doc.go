// Package doctest executes the commands in our documentation and checks its
// links, so that what a page tells a user to type works today.
//
// Fenced blocks marked sh are run, in order, by `sh -e` in one empty workspace
// per document. The workspace looks like a checkout (each top-level entry of
// the tree is linked into it) and holds what the commands write; the bellwether
// binary is on PATH. An HTML comment before a block, invisible to readers,
// changes how it is run:
//
//	<!-- test: skip reason=needs a cluster -->        not run; the reason is reported
//	<!-- test: exit=20 -->                            must end with that code
//	<!-- test: background until=http://HOST/PATH -->  kept running until the page ends, once the URL answers 200
//	<!-- test: needs=prometheus -->                   skipped without that program (see RequireEnv)
//	<!-- test: timeout=90s -->                        instead of one minute
//	<!-- test: output -->                             before a text block: what the previous sh block printed on stdout
//	<!-- test: run ... -->                            lines after the first are a hidden sh block, with any attribute above
//
// Attributes may stand together; reason= comes last and takes the rest of the
// line. In an output block a line "..." stands for any lines, and "..." inside
// a line for any text.
//
// It refuses other spellings of a shell block (bash, shell, console) and lines
// with a prompt: a command that is not run is a command that rots.
package doctest
