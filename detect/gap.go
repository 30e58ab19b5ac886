package detect

// bridge takes a gap before the sample x at t: what was known of the moments
// before it says little about the moment after.
//
// After bridgeMoves steps a move across the gap is no move of one step, and is
// not compared with those. After bridgeLevel steps the level may have followed
// the day: if x is usual at this hour, it is the new level; if it is not, it is
// held against the level before, as any other departure.
func (s *Series) bridge(t int64, x, gap float64) {
	st := &s.s
	step := st.Hygiene.Step
	if step <= 0 || gap < bridgeMoves*step {
		return
	}
	st.Recent.N = 0
	if x -= st.Origin; gap >= bridgeLevel*step && st.Seasonal.usualAt(t, x) {
		st.Base.restart(x)
	}
}

const (
	bridgeMoves = 5
	bridgeLevel = 30
)
