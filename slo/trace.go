package slo

// Trace is a verdict in words: what, since when, why, why not more, what would
// change it, what to do next.
type Trace struct {
	Headline string   // One sentence, for a page's title.
	Since    string   // Since when.
	Why      []string // What the verdict rests on, one line a rule or window.
	WhyNot   []string // What did not count, and why.
	Change   string   // What would change the verdict.
	Next     string   // What to do now.
	Warnings []string // What to know about the data.
}

// Trace explains the status.
func (s Status) Trace() Trace { return Trace{} }

// Text renders the trace, ending in a newline: the one renderer for tests, the
// command line, the page and the ticket.
func (t Trace) Text() string { return "" }
