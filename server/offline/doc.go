// Package offline runs the analyses on files: series in, verdicts out, with no
// server. It is the same code as the service, fed from CSV, query_range JSON
// or OpenMetrics text instead of the store, and it streams: a row never sees a
// later row, so what is printed for a row does not change when the file grows.
//
// The way of a file is
//
//	OpenInputs -> Reader (rows, in input order) -> Detect | Load -> Correlate, Incident
//	                                            -> Source -> Replay
//
// and a canary request goes through JudgeCanary. Results go to the io.Writer
// given as out; notes (what was ignored, skipped or assumed) go to Notes, so
// that standard output holds results and nothing else.
//
// The package refuses to guess: a cell that is not a number is a bad row with
// file and line, counted and shown, never a zero; a missing value is a missing
// sample, never interpolated. It opens no network connection of its own; a
// Source that reads a server is handed in.
package offline
