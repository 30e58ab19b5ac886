package sim

// Truth is what really happens in a company, known because we made it happen.
type Truth struct {
	Incidents []Incident
	Decoys    []Decoy // Series and happenings that must not be blamed.
}

// Incident is one trouble.
type Incident struct {
	Kind    string    // canary or pool.
	Start   int64     // Unix milliseconds.
	End     int64     // 0 while it has no end.
	Culprit Culprit   // Who did it.
	Spread  []Onset   // Who suffers, in the order in which it reaches them.
	Series  []Symptom // Which series show it.
	Expect  []string  // What a good tool should say, in sentences.
}

// Culprit names the cause.
type Culprit struct {
	Service string // The service or database at fault.
	Version string // The version at fault, if it is a deploy.
	Track   string
}

// Onset is when trouble reaches a service.
type Onset struct {
	Service string
	At      int64 // Unix milliseconds.
}

// Symptom is one series that shows an incident.
type Symptom struct {
	Index int   // In Series().
	At    int64 // When it begins to show, Unix milliseconds.
	Up    bool  // The value (of a counter: its rate) rises.
}

// Decoy is a series that moves, or might seem to, for reasons of its own.
type Decoy struct {
	Index int
	Why   string
}
