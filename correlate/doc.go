// Package correlate answers two questions about an incident: what moved with
// this series, and who is to blame.
//
// "What moved with it" is an exact top-k search by shape: every candidate
// window is z-normalised and compared with the target under dynamic time
// warping in a Sakoe-Chiba band, for the same sign, the opposite sign or both.
// A cascade of lower bounds (LB_Kim, LB_PAA, LB_Keogh, an integer DTW with a
// proven slack) only skips candidates that cannot enter the answer, so the
// answer is that of a brute-force scan in float64. Each hit carries a p-value
// against a null of this very query and a Benjamini-Hochberg q-value over all
// series searched; an answer with no match is a valid answer and says so.
//
// "Who is to blame" ranks the entities (services, hosts) of an incident by
// fusing several ranked lists: shape against the symptom, size of the change,
// edges between entities, onset order and position in the call graph.
//
// The same kernel serves the live rings (Index) and a file (SearchWindows).
//
// The package refuses to read a clock, to start goroutines, to do I/O and to
// lock: the owner of an Index serialises access. A search is bounded by work
// units, not by time. Instants are Unix milliseconds.
package correlate
