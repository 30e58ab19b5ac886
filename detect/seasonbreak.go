package detect

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// seasonbreak is the member that sees a day lose its shape: a scheduler that
// stopped, traffic that comes from elsewhere. Over a day it sums how far values
// are from the level carried along yesterday's day, and how far they move from
// one to the next, which is what a forecast without a season would miss. The
// logarithm of the ratio of the two is compared with that of the days before as
// one more draw of a normal of unknown mean and variance: Student's t with one
// degree of freedom less than there were days. Days are not draws of a normal:
// weekends, holidays and paydays come in runs. So a break must besides be
// breakBeyond times as far from the mean as any day before; without that it told
// 55 false breaks per 1000 series-days on AIOPS and on WSD, five times the budget.
//
// It speaks at the end of a day, after fifteen of them: two weekends must have
// been seen, or the first would be a break and the second the measure of all.
type seasonbreak struct {
	Miss  float32 // Sum of the distances from the season,
	Naive float32 // and of the moves, today.
	Day   uint16  // Modulo 65536.
	Count uint16  // Values in them.
	Days  uint16  // Days learned.
	Hold  uint16  // Samples what was told has been held; 0 if nothing is.
	Mean  float32 // Of the logarithm of their ratio,
	Sq    float32 // and the sum of its squared deviations.
	Top   float32 // The largest deviation upwards so far.
}

const (
	breakDays   = 15
	breakBeyond = 5   // Times the largest deviation so far; at 2 still 14 to 26 false breaks per 1000 series-days.
	breakShare  = .5  // Share of a day that must have been seen without an anomaly.
	breakDecay  = 56  // Days after which the past counts half.
	breakLeast  = .05 // Standard deviation of the logarithm taken at least.
)

// observe takes a sample and how far it is from the season.
func (b *seasonbreak) observe(r *reading, o *outlook, frozen bool) claim {
	var said claim
	if day := uint16(r.t / (24 * hourMS)); day != b.Day {
		said = b.end(r)
		b.Day, b.Miss, b.Naive, b.Count = day, 0, 0, 0
	}
	if b.Hold > 0 && said.evidence == 0 {
		if b.Hold++; b.Hold > r.hold || !r.open && b.Hold > 2 {
			b.Hold = 0
			return claim{adapted: r.open}
		}
		return claim{held: true}
	}
	if o.Known && !frozen {
		b.Miss += float32(math.Abs(r.x - float64(o.Level)))
		b.Naive += float32(math.Abs(r.x - r.prev))
		b.Count = min(b.Count+1, math.MaxUint16-1)
	}
	return said
}

// end judges the day that is over, and learns it unless it was told.
func (b *seasonbreak) end(r *reading) claim {
	perDay := 24 * hourMS / max(r.step, 1)
	if float64(b.Count) < breakShare*perDay || b.Naive <= 0 || b.Miss <= 0 {
		return claim{}
	}
	y, n := math.Log(float64(b.Miss)/float64(b.Naive)), float64(b.Days)
	if b.Days >= breakDays && !r.open {
		sd := max(breakLeast, math.Sqrt(float64(b.Sq)/(n-1)))
		t := distuv.StudentsT{Sigma: 1, Nu: n - 1}
		p := t.Survival((y - float64(b.Mean)) / (sd * math.Sqrt(1+1/n)))
		if e := shared(-math.Log10(max(p, 1e-12)) + math.Log10(max(1, perDay))); e >= r.bar && y-float64(b.Mean) >= breakBeyond*float64(b.Top) {
			b.Hold = 1
			return claim{evidence: e, kind: KindSeasonality, dir: DirectionUp, change: max(r.first, r.t-24*hourMS), held: true}
		}
	}
	b.Days++
	off := y - float64(b.Mean)
	b.Mean += float32(off / float64(b.Days))
	b.Sq += float32(off * (y - float64(b.Mean)))
	if b.Days > 1 {
		b.Top = max(b.Top, float32(off))
	}
	if b.Days >= breakDecay {
		b.Days, b.Sq = b.Days/2, b.Sq/2
	}
	return claim{}
}
