package detect

// persistence joins the members that gather evidence over many samples: what no
// single value shows, because each of them is possible.
//
//	cusum        the level moved
//	variance     the noise grew or died
//	drift        the level moves a little every hour
//	seasonbreak  the day lost its shape
//
// Each is calibrated by the past excursions of its own statistic (excursion.go),
// and speaks only where its evidence reaches the bar: below it there is nothing
// to add to what the other members say. They share one budget of false alarms.
type persistence struct {
	Outlook  outlook
	Cusum    cusum
	Variance variance
	Drift    drift
	Break    seasonbreak
}

// reading is what these members see of one sample.
type reading struct {
	t        int64
	first    int64   // Instant of the first value.
	n        uint32  // Number of the sample, from 1.
	x        float64 // The value, offset by the origin.
	prev     float64 // The value before; x itself if there is none.
	expected float64 // What the baseline expects, offset by the origin.
	reach    float64 // The .998 quantile of the usual distance from the baseline; 0 while unknown.
	bar      float64 // Evidence at which these members speak.
	step     float64 // Estimated distance between samples, milliseconds; 0 while unknown.
	hold     uint16  // Samples after which a new level is accepted.
	far      bool    // The value is beyond the guard: an incident, or the first sample of one.
	open     bool    // An anomaly is open.
	usual    bool    // Scheduled work explains how the series moves now.
	memory   float64 // Variance of departures over that of independent values with such moves, at least 1.
	season   *hours  // What is usual by the hour, of the days before and of this hour so far.
}

// ago returns the instant of the given number of samples before this one, no
// earlier than the first.
func (r *reading) ago(samples uint16) int64 {
	return max(r.first, r.t-int64(float64(samples)*r.step))
}

// claim is what they say: evidence (-log10 p), what sort of departure it is,
// and when it began.
type claim struct {
	evidence float64
	kind     Kind
	member   uint8 // Which of slowNames says it.
	change   int64
	dir      Direction
	held     bool // A departure that was told has not returned.
	adapted  bool // It lasted for the adaptation time and is now the baseline.
}

const (
	slowShare   = .6020599913279624 // log10 of 4: the members share the budget.
	slowWarm    = 300               // Samples before they learn. They speak once a day was seen.
	slowTold    = .2                // Evidence above the bar that is told at most: the scale is not the consensus's, which ranks single samples.
	memoryRatio = 1.2               // Sigma of a move over sigma of a departure, where values are independent, is 1.41.
	slowSure    = 1                 // Evidence more than the bar that it takes to hold what others told.
	slowMute    = 7                 // Evidence that ends an excursion while the members only learn.
	slowLeast   = 5.2               // Evidence below which none of them speaks, whatever the bar.
)

// The members, as a claim names them; 0 is none of them.
const (
	slowCusum = 1 + iota
	slowVariance
	slowDrift
	slowBreak
)

var slowNames = [...]string{"", "cusum", "variance", "drift", "seasonbreak"}

// shared returns the evidence left once the budget is shared among the members.
func shared(e float64) float64 { return max(0, e-slowShare) }

// observe takes a reading and returns the strongest claim.
func (p *persistence) observe(r *reading) claim {
	told := r.bar + slowTold
	r.bar = max(r.bar, slowLeast)
	frozen := r.far || r.open || p.Cusum.Side != 0
	z, fromLevel := p.Outlook.observe(r, frozen)
	if !p.Outlook.Known {
		r.bar = slowMute + 1e3
	}
	r.memory = 1
	if p.Variance.Scale > 0 {
		d := memoryRatio * float64(p.Outlook.Scale/p.Variance.Scale)
		r.memory = max(1, d*d)
	}
	var said claim
	said.join(slowCusum, p.Cusum.observe(r, z, fromLevel))
	said.join(slowVariance, p.Variance.observe(r, frozen))
	said.join(slowDrift, p.Drift.observe(r, &p.Outlook, frozen))
	said.join(slowBreak, p.Break.observe(r, &p.Outlook, frozen))
	if r.n < slowWarm { // The scales are still on their way.
		p.Cusum.Walk, p.Variance.Walk = walk{}, walk{}
	}
	if r.open {
		said.evidence = 0 // An open anomaly is held by these members, not told again.
	}
	said.evidence = min(said.evidence, told)
	return said
}

// join lets the stronger of two claims speak, and each of them hold.
func (c *claim) join(member uint8, d claim) {
	held, adapted := c.held || d.held, c.adapted || d.adapted
	if d.evidence > c.evidence {
		*c = d
		c.member = member
	}
	c.held, c.adapted = held, adapted && !held
}

// notes says what the members hold, in words.
func (p *persistence) notes(add func(format string, args ...any)) {
	if c := &p.Cusum; c.Side != 0 {
		add("held by the level: it moved by %+.1f sigma and has not come back", float64(c.Side)*float64(c.Size))
	}
	if p.Drift.Hold > 0 {
		add("held by the drift: told, and no return is looked for until the adaptation time is over")
	}
	if p.Break.Hold > 0 {
		add("held by the season: yesterday had not the shape of the days before")
	}
	if v := &p.Variance; v.Hold > 0 {
		add("held by the noise: the size of its moves has changed (usual sigma of a move %.3g)", v.Scale)
	}
}
