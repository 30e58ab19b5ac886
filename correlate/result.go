package correlate

// What a search answers. The JSON field names are the public ones of
// `bellwether correlate -o json`.

// Match is one series that moved with the target.
type Match struct {
	Series     string  `json:"series"`           // Prometheus notation.
	Ref        uint64  `json:"ref"`              // 0 for a series from a file.
	Distance   float64 `json:"distance"`         // DTW distance of the z-normalised windows, >= 0 (the root of the sum of squares). Mode lag: 1-|NCC|. Mode change: 0.
	Similarity float64 `json:"similarity"`       // 1 - distance²/(2n), at most 1; Pearson's r when the band is 0. Mode lag: |NCC|. Mode change: the score.
	Sign       int     `json:"sign"`             // +1 moves with the target, -1 against it. Mode change: direction of the change.
	LagSeconds float64 `json:"lag_seconds"`      // Positive: the series moves after the target (NCC peak).
	PathLag    float64 `json:"path_lag_seconds"` // Median offset of the DTW path, same sign as LagSeconds.
	P          float64 `json:"p"`                // Chance of such a similarity under the query's null.
	Q          float64 `json:"q"`                // Benjamini-Hochberg over every series searched.
	Group      int     `json:"group"`            // Group.ID; 0 when the match is in Near.
	Onset      int64   `json:"onset"`            // Instant of the best single step in the window, Unix ms; 0 if none stands out.
	First      bool    `json:"first"`            // Onset earlier than the target's by more than both standard errors.
	Why        string  `json:"why"`              // One sentence.
}

// Group is a set of matches that move as one.
type Group struct {
	ID     int      `json:"id"` // From 1, in order of the best member.
	Series []string `json:"series"`
	Reason string   `json:"reason"`
}

// Stats counts what happened to every candidate. Searched = KimPruned +
// PAAPruned + KeoghPruned + IntPruned + Compared + Unreached.
type Stats struct {
	Candidates  int   `json:"candidates"`   // All that were offered, without the target itself.
	Flat        int   `json:"flat"`         // No variation in the window; has no shape.
	Sparse      int   `json:"sparse"`       // More than a fifth of the window missing.
	Short       int   `json:"short"`        // Window does not cover the interval on the same step.
	Searched    int   `json:"searched"`     // Took part.
	KimPruned   int   `json:"kim_pruned"`   // Excluded by first and last point.
	PAAPruned   int   `json:"paa_pruned"`   // Excluded by segment means.
	KeoghPruned int   `json:"keogh_pruned"` // Excluded by the query envelope.
	IntPruned   int   `json:"int_pruned"`   // Excluded by integer DTW.
	Compared    int   `json:"compared"`     // Compared in float64.
	Unreached   int   `json:"unreached"`    // Work budget spent, or left out by mode fast.
	Work        int64 `json:"work"`         // DTW cells computed.
}

// Excluded is a series that has no shape to compare, and why.
type Excluded struct {
	Series string `json:"series"`
	Reason string `json:"reason"` // "flat", "sparse" or "short".
}

// Null describes the similarity that chance gives this query.
type Null struct {
	Kind  string  `json:"kind"` // "moved copies" or "none".
	Size  int     `json:"size"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Scale float64 `json:"scale"` // Mean excess of -ln(1-s) in the tail. Each figure is the larger of the two ways of moving.
}

// Result answers a search.
type Result struct {
	Target   string     `json:"target"`
	From     int64      `json:"from"`
	To       int64      `json:"to"`
	Step     int64      `json:"step"`
	Verdict  string     `json:"verdict"` // MATCHES, NONE_SIGNIFICANT or NO_DATA.
	Matches  []Match    `json:"matches"` // Best first, q <= MaxQ.
	Near     []Match    `json:"near"`    // The best that failed MaxQ, best first.
	Groups   []Group    `json:"groups"`  // Of Matches.
	Exact    bool       `json:"exact"`   // No candidate outside the answer can be better than its last.
	Radius   float64    `json:"radius"`  // Every series closer than this distance is in the answer.
	Stats    Stats      `json:"stats"`
	Null     Null       `json:"null"`
	Excluded []Excluded `json:"excluded"` // At most 20 per reason; Stats has the counts.
	Warnings []string   `json:"warnings"`
	Trace    Trace      `json:"trace"`
}

// The verdicts of a search.
const (
	VerdictMatches         = "MATCHES"
	VerdictNoneSignificant = "NONE_SIGNIFICANT"
	VerdictNoData          = "NO_DATA"
)
