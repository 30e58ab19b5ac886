package detect

import "math"

// The consensus joins the members' ratios into one evidence.
//
// Movement (delta, fast, baseline): S = sqrt(largest x second largest), so no
// member alone decides. A move back to where the series was is no news: S is at
// most baselineCap times the baseline's ratio, or times the size of the last
// move if that led away from the level of the last ordinary values. Without the
// second half a spike on a series that follows the day (5-minute samples, where
// the baseline's window is five hours) would pass for a return. S is divided by
// what recurs at this time of day and calibrated to a p-value.
//
// Novelty (range, seasonal, shift, level, curvature, roughness): R = product of the two largest record
// ratios. R > 1 says that two views of the series, or one by far, are beyond
// everything seen. It needs no tail fit, so it leads while history is short.
//
// The evidence is the larger of the two. They answer the same question from
// the same data, so adding them would count the data twice.
const (
	memberDelta = iota
	memberDelta2
	memberFast
	memberBaseline
	memberRange
	memberSeasonal
	memberShift
	memberLevel
	memberCurvature
	memberRoughness
	memberCount
	movementMembers = memberBaseline + 1
)

var memberNames = [memberCount]string{
	"delta", "delta2", "fast", "baseline", "range", "seasonal", "shift", "level", "curvature", "roughness",
}

const (
	noveltyEvidence = 3.6 // Evidence of R = 1. At 3.7 WSD loses .02 of recall at 100 false alarms, at 4 AIOPS a fifth; at 3.5 NAB loses a point.
	noveltySlope    = 1.5
	noveltyGate     = 1.04 // R from which a value is novel: a margin over a bare record.
	noveltyWarmup   = 30   // Samples before a record means anything.
	awayLeast       = .2   // Ratio of a move below which it gives no evidence wherever it leads.
	baselineCap     = 1.4  // S is at most this many times the ratio of the baseline, or of a move away.
)

// fuseMovement returns S from the ratios of the movement members; away says
// that the last move led away from the level of the last ordinary values.
func fuseMovement(ratio *[memberCount]float64, away bool) float64 {
	a, b := topTwo(ratio[:movementMembers])
	most := ratio[memberBaseline]
	if away {
		most = max(most, ratio[memberDelta])
	}
	return min(math.Sqrt(a*b), baselineCap*most)
}

// fuseNovelty returns R from the record ratios of the novelty members.
func fuseNovelty(ratio *[memberCount]float64) float64 {
	a, b := topTwo(ratio[movementMembers:])
	return a * b
}

// noveltyScore returns the evidence of R: none unless it beats the past
// by a margin, or a trend would be news at every sample.
func noveltyScore(r float64) float64 {
	if r < noveltyGate {
		return 0
	}
	return noveltyEvidence + noveltySlope*math.Log10(r)
}

// topTwo returns the two largest of x.
func topTwo(x []float64) (a, b float64) {
	for _, v := range x {
		if v > a {
			a, b = v, a
		} else if v > b {
			b = v
		}
	}
	return a, b
}

// noveltyKind names the shape of a record by the member that led it.
func noveltyKind(ratio *[memberCount]float64) Kind {
	lead := memberRange
	for i := memberRange; i < memberCount; i++ {
		if ratio[i] > ratio[lead] {
			lead = i
		}
	}
	switch {
	case lead == memberRoughness && ratio[memberRange] < 1:
		return KindVariance
	case lead == memberSeasonal && ratio[memberRange] < 1:
		return KindSeasonality
	case lead == memberShift || lead == memberLevel:
		return KindLevel
	}
	return KindSpike
}
