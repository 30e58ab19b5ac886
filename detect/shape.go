package detect

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
)

// shape is the member for the form of a stretch of samples: a heartbeat of the
// wrong form at the usual height is news to no other member. It is asked for by
// Config.Shape and allocated only then: 42 KB a series.
//
//	samples -> pieces -> period -> distance of the newest three quarters of a
//	period from the nearest earlier ones -> ratio -> evidence
//
// It speaks only of series that repeat themselves: once the period is known
// (shape_period.go), samples are joined to pieces so that a period has about
// shapeAim of them, whatever its length in samples, and the past (shape_past.go)
// spans at least 57 periods at a bounded cost. The distance is compared with
// its guarded tail, as movements are in consensus.go.
//
// The window is shorter than the period on purpose: it says of an odd stretch
// earlier than one that has to contain a period around it.
type shape struct {
	shapePast
	shapeState
}

// shapeState is what a checkpoint holds beside the pieces.
type shapeState struct {
	First    [shapeFirst]float32 // The first values, kept until the unit is known.
	N        uint32              // Samples taken.
	Every    uint32              // Samples in a piece.
	Filled   uint32              // Samples in the piece being filled.
	Sum      float64             // Of these.
	Value    float64             // The last one.
	T        int64               // Its instant, Unix milliseconds.
	Period   float64             // In pieces; 0 until it is known.
	Strength float64             // Autocorrelation at the period.
	Usual    float64             // Mean distance of a window from its nearest.
	Seen     uint32              // Distances in Usual.
	Tail     tail                // Of distances.
	Blind    uint32              // Pieces until no window spans a gap.
	Clipped  uint32              // Pieces in a row at an end of the scale.
	Calm     uint32              // Pieces since the ratio was news.
	Top      float64             // The largest ratio of this excursion.
	Others   [2]float64          // The others' highest evidence in this stretch of pieces, and in the one before.
	Turn     uint32              // Pieces of this stretch.
	Now      finding
	Led      bool // The last sample's evidence was of shape.
}

// finding is the last comparison that was news.
type finding struct {
	Start, End   int64 // The window, Unix milliseconds.
	Near         int64 // Where the nearest earlier form ended, Unix milliseconds.
	Distance     float64
	Usual, Ratio float64 // The mean of such distances; the distance over their guarded .998 quantile.
}

const (
	shapeFirst = 64
	shapeShare = .75   // The window, as a share of the period.
	shapeAim   = 48    // Pieces in a period; 24 to 64 differ by .03 on UCR.
	shapeLeast = 16    // A shorter period is taken twice or more often.
	shapeSlow  = .0005 // The usual distance forgets half in 1400 pieces, once it rests on as many.
	shapeCap   = 5     // Times the usual distance at which one enters it.
	shapeWarm  = 14    // Periods of distances before one can be news: two weekends, if the period is a day.

	// A ratio r from shapeNews on is worth shapeMost - shapeSpan/r^2. It never
	// says more than a chance of 8e-5: one series of AIOPS alone has seven days in
	// three months that are 2 to 18 times as odd as any before and that nobody
	// labelled. With 3.4 + 2.5 log10(r) recall there at 10 false alarms fell from
	// .59 to .48, for .760 on UCR instead of .747.
	shapeNews   = 1.1
	shapeMost   = 4.1
	shapeSpan   = .6
	shapeRise   = 1.05 // Ratio to the largest told in this excursion from which it is news again.
	shapeSilent = 4    // Evidence of another member that explains an odd form around it.
)

// observe takes x (offset by the origin) at t and the evidence of the other
// members, and returns the evidence of its shape: 0 between pieces and where
// there is no news. step is the usual distance of samples in milliseconds, 0 if
// unknown.
func (s *shape) observe(t int64, x, step, others float64) float64 {
	s.Led = false
	s.Others[0] = max(s.Others[0], others)
	s.bridge(t, x, step)
	e := s.take(t, x, step)
	s.Value, s.T = x, t
	return e
}

// bridge draws a line where samples are missing before x at t, so that forms
// stay in step with time. Across a longer gap nothing is compared.
func (s *shape) bridge(t int64, x, step float64) {
	if s.Period == 0 || step <= 0 {
		return
	}
	missing := math.Round(float64(t-s.T)/step) - 1
	if missing < 1 {
		return
	}
	if missing > float64(s.M*s.Every) {
		s.Blind = s.M
		return
	}
	for k := range int(missing) {
		s.take(t, s.Value+(x-s.Value)*float64(k+1)/(missing+1), step)
	}
}

// take adds a sample, and judges the piece it completes, if any.
func (s *shape) take(t int64, x, step float64) (evidence float64) {
	if s.Unit == 0 {
		s.begin(x)
		return 0
	}
	s.N++
	s.Sum += x
	if s.Filled++; s.Filled < s.Every {
		return 0
	}
	s.push(s.Sum / float64(s.Every))
	s.Sum, s.Filled = 0, 0
	if s.Period > 0 {
		evidence = s.judge(t, step)
	}
	s.keep()
	return evidence
}

// begin collects the first values: their range is the scale of the pieces. A
// range of nothing is no scale: it begins again.
func (s *shape) begin(x float64) {
	s.First[s.N%shapeFirst] = float32(x)
	if s.N++; s.N < shapeFirst {
		return
	}
	lo, hi := float64(s.First[0]), float64(s.First[0])
	for _, v := range s.First {
		lo, hi = min(lo, float64(v)), max(hi, float64(v))
	}
	if unit := (hi - lo) / shapeFine; unit >= minUnit {
		s.Unit, s.Centre, s.Every = unit, lo+(hi-lo)/2, 1
		for _, v := range s.First {
			s.push(float64(v))
		}
		return
	}
	s.N = 0
}

// judge compares the newest windows with the past and returns the evidence.
func (s *shape) judge(t int64, step float64) float64 {
	if s.Turn++; s.Turn >= s.M {
		s.Others[0], s.Others[1], s.Turn = 0, s.Others[0], 0
	}
	if s.Calm < math.MaxUint32 {
		s.Calm++
	}
	d, lag := s.nearest()
	d *= s.Unit
	if s.Blind > 0 {
		s.Blind--
		return 0
	}
	if lag == 0 || float64(s.K) < 3*s.Period {
		return 0
	}
	s.Seen++
	if s.Usual == 0 { // The first one, or every form so far was met before to the unit.
		s.Usual = d
	}
	s.Usual += max(shapeSlow, 1/float64(s.Seen)) * (min(d, shapeCap*s.Usual) - s.Usual)
	ratio := s.Tail.ratio(d, s.Seen)
	if ratio < shapeNews || float64(s.Seen) < shapeWarm*s.Period {
		return 0
	}
	return s.tell(ratio, t, step, d, lag)
}

// tell returns the evidence of a ratio if it is news, and writes down what the
// window was compared with.
func (s *shape) tell(ratio float64, t int64, step float64, d float64, lag uint32) float64 {
	if s.Calm > s.M {
		s.Top = 0
	}
	s.Calm = 0
	if ratio < shapeRise*s.Top || max(s.Others[0], s.Others[1]) >= shapeSilent {
		return 0
	}
	s.Top = ratio
	piece := step * float64(s.Every)
	s.Now = finding{
		Start: t - int64(piece*float64(s.M)), End: t, Near: t - int64(piece*float64(lag)),
		Distance: d, Usual: s.Usual, Ratio: ratio,
	}
	// n comparisons do not show a chance below 1/(20n).
	return min(shapeMost-shapeSpan/(ratio*ratio), math.Log10(20*float64(s.Seen)))
}

// keep looks for the period and the unit when the number of samples has
// doubled, when values stay beyond the scale, and when there is no room left
// for more pieces without a period.
func (s *shape) keep() {
	if v := s.value(s.K - 1); v == shapeClip || v == -shapeClip {
		s.Clipped++
	} else {
		s.Clipped = 0
	}
	full := s.Period == 0 && s.K >= shapeLook
	doubled := s.N&(s.N-1) == 0
	if !doubled && !full && s.Clipped < shapeFirst {
		return
	}
	s.Clipped = 0
	changed := s.refit()
	if (full || doubled) && s.K >= shapeLook/2 && s.Every < 1<<16 {
		changed = s.search(full) || changed
	}
	if changed {
		s.derive()
	}
}

// search looks for the period and says whether pieces or windows changed. While
// there is none, a full half of the ring is joined two by two: a longer period
// may show then.
func (s *shape) search(full bool) bool {
	length, strength := s.period(s.Period)
	switch {
	case length == 0 && full:
		s.coarsen(2)
		s.Every *= 2
		return true
	case length == 0:
		return false
	case s.Period > 0 && math.Abs(math.Remainder(s.Period, float64(length))) <= .15*float64(length):
		s.Strength = strength
		return false // The same, or the multiple of it that was chosen.
	}
	g := max(1, uint32(math.Round(float64(length)/shapeAim)))
	s.coarsen(g)
	s.Every *= g
	s.Period, s.Strength = float64(length)/float64(g), strength
	for s.Period < shapeLeast {
		s.Period *= 2
	}
	s.M = uint32(math.Round(shapeShare * s.Period))
	s.Seen, s.Tail, s.Top, s.Turn = 0, tail{}, 0, 0
	return true
}

// member is the shape's row in a trace.
func (s *shape) member(evidence float64) Member {
	m := Member{Name: "shape", P: 1}
	if s.Led && evidence > 0 {
		m.P, m.Share = math.Pow(10, -evidence), 1
	}
	return m
}

// note says what the last odd form was compared with, or why nothing is.
func (s *shape) note(open bool) string {
	switch {
	case s.Period == 0:
		return "form not compared: nothing repeats itself so far"
	case (s.Led || open) && s.Now.Ratio > 0:
		f := &s.Now
		return fmt.Sprintf("form from %s to %s: %.3g from the nearest past one (which ended at %s), usual %.3g; %.3g times the usual largest",
			stamp(f.Start), stamp(f.End), f.Distance, stamp(f.Near), f.Usual, f.Ratio)
	}
	return ""
}

// append adds what a checkpoint holds of a shape to b.
func (s *shape) append(b []byte) ([]byte, error) {
	b, err := binary.Append(binary.LittleEndian.AppendUint64(b, shapeLayout), binary.LittleEndian, &s.shapePieces)
	if err != nil {
		return nil, err
	}
	return binary.Append(b, binary.LittleEndian, &s.shapeState)
}

// restore reads what a checkpoint holds of a shape and computes the rest.
func (s *shape) restore(b []byte) error {
	if len(b) != shapeSize || binary.LittleEndian.Uint64(b) != shapeLayout {
		return fmt.Errorf("cannot restore shape from %d bytes, want %d: %w", len(b), shapeSize, ErrForeignState)
	}
	n, err := binary.Decode(b[8:], binary.LittleEndian, &s.shapePieces)
	if err == nil {
		_, err = binary.Decode(b[8+n:], binary.LittleEndian, &s.shapeState)
	}
	if err != nil {
		return fmt.Errorf("cannot restore shape: %w", err)
	}
	if why := s.damage(); why != "" {
		return fmt.Errorf("cannot restore shape: %s: %w", why, ErrForeignState)
	}
	s.derive()
	return nil
}

// damage says what cannot be in a state that observe left, "" if nothing is wrong.
func (s *shape) damage() string {
	for _, x := range s.X {
		if x > shapeClip || x < -shapeClip {
			return fmt.Sprintf("a piece of %d units, want at most %d", x, shapeClip)
		}
	}
	switch {
	case s.M > shapeLongest || (s.M == 0) != (s.Period == 0):
		return fmt.Sprintf("a window of %d pieces, want at most %d", s.M, shapeLongest)
	case s.Unit == 0 && s.N < shapeFirst && s.K == 0:
	case s.Unit >= minUnit && s.Unit <= maxValue && s.Every > 0 && s.Filled < s.Every && s.K > 0:
	default:
		return fmt.Sprintf("%d pieces of %d samples in units of %g", s.K, s.Every, s.Unit)
	}
	return ""
}

// shapeLongest bounds a window: three quarters of the longest period that is
// not joined further, and of the longest in pieces after joining.
const shapeLongest = 127

var (
	shapeLayout = layoutHash(reflect.TypeFor[struct {
		A shapePieces
		B shapeState
	}]())
	shapeSize = 8 + binary.Size(shapePieces{}) + binary.Size(shapeState{})
)
