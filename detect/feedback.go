package detect

import "math"

// feedback is what people said of past anomalies. "Not an anomaly" stores a
// fingerprint of the anomaly's shape and raises the bar of this series for
// anomalies like it, up to bearWith times the evidence it had, so that the same
// is not told again and a clearly larger one is:
//
//	bar + (1.25 x size - bar) x 2^(-days/15) x likeness
//
// until feedbackDays have passed: what was nothing in spring is asked about
// again. Another kind or direction is always heard. Likeness is 1 where the
// time of day (within two hours) and the leading side of the consensus
// (movement or records) agree, and half for each that does not.
//
// What is held back is watched to its end. An excursion like a dismissed spike
// that does not go away is a level and therefore another kind: it is told after
// levelAfter samples. The other way round there is no telling: a spike begins
// like the level that was dismissed, and is held back with it.
//
// The idea is that of Skyline's Ionosphere (earthgecko): learning which shapes
// were false. There it compares features of the window; here one fingerprint of
// six bytes serves.
type feedback struct {
	Day    [feedbackShapes]uint16 // Day of the verdict since 1970, plus 1; 0 where the place is free.
	What   [feedbackShapes]uint8  // Kind, direction << 5, led by records << 7.
	Size   [feedbackShapes]uint8  // The evidence at its peak, as logByte.
	Slot   [feedbackShapes]uint8  // The quarter of an hour of the day in which it began.
	Weight [feedbackShapes]uint8  // Of the raise, in eighths: lowered by later "useful" verdicts.

	Held uint8 // 1 + the shape that holds back what goes on now, <= feedbackShapes; 0 if none does.
	Run  uint8 // Samples of it that were not calm.
	Calm uint8 // Calm ones in a row at its end.
	Peak uint8 // The largest evidence of it, as logByte.
}

const (
	feedbackShapes = 4
	feedbackDays   = 30   // A verdict is forgotten after so many days;
	feedbackHalf   = 15   // the raise halves in so many.
	bearWith       = 1.25 // Times the dismissed evidence that is borne.
	feedbackNear   = 8    // Quarters of an hour that are about the same time of day.
	feedbackFull   = 8    // Weight of a verdict that nobody has weakened.
)

// Dismiss takes the verdict "not an anomaly" on an anomaly of this series, at
// an instant (Unix milliseconds): its shape raises the bar for the like of it.
// If it is the open one it closes, which the Result says; a level is accepted
// as the new normal with it. Silence that was dismissed is expected until the
// next sample. The skyline profile, which has no evidence to weigh, only closes.
func (s *Series) Dismiss(a Anomaly, at int64) Result {
	st := &s.s
	if a.Kind != KindNoData && s.sky == nil {
		st.Feedback.add(fingerprint(&a), at)
	}
	e := &st.Episode
	if !e.Open || e.Start != a.Start {
		return Result{Anomalous: e.Open, Verdict: s.verdict()}
	}
	st.Feedback.Held = 0
	adapted := false
	switch Kind(e.Kind) {
	case KindNoData:
		st.Quiet.Ended = true
	case KindLevel:
		if adapted = s.sky == nil && st.Base.Far > levelAfter; adapted {
			st.Base.restart(st.Recent.at(1))
		}
	}
	return s.finish(e.close(max(e.Start, st.Hygiene.Last), adapted), 0)
}

// Confirm takes the verdict "useful" on an anomaly of this series. It takes an
// earlier Dismiss of the same anomaly back, and halves the raise that others
// like it caused.
func (s *Series) Confirm(a Anomaly) {
	f, p := &s.s.Feedback, fingerprint(&a)
	for i := range f.Day {
		if f.Day[i] == 0 || !alike(f.kind(i), p.kind()) || f.What[i]>>5&3 != p.what>>5&3 {
			continue
		}
		if f.Weight[i] /= 2; f.What[i] == p.what && f.Size[i] == p.size && f.Slot[i] == p.slot {
			f.Weight[i] = 0
		}
		if f.Weight[i] == 0 {
			f.free(i)
		}
	}
}

// shapePrint is the fingerprint of an anomaly's shape.
type shapePrint struct{ what, size, slot uint8 }

func (p shapePrint) kind() Kind { return Kind(p.what & 31) }

// fingerprint reads the shape off an anomaly.
func fingerprint(a *Anomaly) shapePrint {
	lead, most := "", -1.0
	for _, m := range a.Members {
		if m.Share > most {
			lead, most = m.Name, m.Share
		}
	}
	records := false
	for _, n := range memberNames[movementMembers:] {
		records = records || n == lead
	}
	return shapePrint{pack(a.Kind, a.Direction, records), evidenceByte(a.Peak), quarter(a.Start)}
}

// pack joins what distinguishes shapes apart from size and time.
func pack(k Kind, d Direction, records bool) uint8 {
	w := uint8(k)&31 | uint8(d)&3<<5
	if records {
		w |= 1 << 7
	}
	return w
}

// evidenceByte rounds evidence up to the next sixteenth of an octave, so that
// what is borne is never less than what was dismissed.
func evidenceByte(e float64) uint8 {
	if e <= 1 {
		return 0
	}
	return uint8(min(255, math.Ceil(16*math.Log2(e))))
}

// evidenceOf is the inverse of evidenceByte.
func evidenceOf(b uint8) float64 { return math.Exp2(float64(b) / 16) }

// quarter returns the quarter of an hour of the day (UTC).
func quarter(t int64) uint8 { return uint8(uint64(t/quarterMS) % 96) }

// day returns the day since 1970 plus 1, in [1, 65535].
func day(t int64) uint16 { return uint16(max(1, min(math.MaxUint16, t/(24*hourMS)+1))) }

// alike reports whether two kinds cannot be told apart when they begin.
func alike(a, b Kind) bool {
	return a == b || (a == KindSpike || a == KindLevel) && (b == KindSpike || b == KindLevel)
}

func (f *feedback) kind(i int) Kind { return Kind(f.What[i] & 31) }

func (f *feedback) free(i int) {
	f.Day[i], f.What[i], f.Size[i], f.Slot[i], f.Weight[i] = 0, 0, 0, 0, 0
	if int(f.Held) == i+1 {
		f.Held = 0
	}
}

// add stores a shape: in place of the same one dismissed before, else in a free
// place, else in place of the oldest.
func (f *feedback) add(p shapePrint, at int64) {
	to := 0
	for i := range f.Day {
		if f.Day[i] > 0 && f.What[i] == p.what && aroundClock(f.Slot[i], p.slot) <= feedbackNear {
			to = i
			p.size = max(p.size, f.Size[i])
			break
		}
		if f.Day[i] < f.Day[to] {
			to = i
		}
	}
	f.free(to)
	f.Day[to], f.What[to], f.Size[to], f.Slot[to], f.Weight[to] = day(at), p.what, p.size, p.slot, feedbackFull
}

// aroundClock is the distance of two quarters round the clock.
func aroundClock(a, b uint8) uint8 {
	d := max(a, b) - min(a, b)
	return min(d, 96-d)
}

// weigh raises the bar of a moment by what was dismissed, and follows what is
// held back to its end. open says whether an anomaly is open: that one was told.
func (f *feedback) weigh(m *moment, records, open bool) {
	if open {
		f.Held = 0
		return
	}
	loud := m.score >= m.bar && m.allowed
	if f.Held == 0 && !loud {
		return
	}
	by, shape := f.raise(m, records)
	if !loud && f.Held == 0 {
		return // The verdict was forgotten meanwhile.
	}
	if loud && m.score >= m.bar+by { // Larger than what is borne, or another kind.
		f.Held = 0
		return
	}
	if loud {
		if f.Held == 0 {
			f.Run, f.Calm, f.Peak = 0, 0, 0
		}
		f.Held, f.Peak = uint8(shape+1), max(f.Peak, evidenceByte(m.score))
	}
	if m.calm && !loud {
		f.Calm++
	} else {
		f.Calm = 0
		f.Run = min(f.Run+1, math.MaxUint8-1)
	}
	switch {
	case f.Calm >= calmToClose || m.adapted:
		f.Held = 0
	case f.kind(int(f.Held)-1) == KindSpike && f.Run > levelAfter: // It stays: another kind than the one dismissed.
		m.kind, m.allowed, m.score = KindLevel, true, max(m.score, m.bar, evidenceOf(f.Peak))
		f.Held = 0
	default:
		m.bar += by
	}
}

// raise returns by how much the bar is raised for a moment, and the shape that
// raises it most.
func (f *feedback) raise(m *moment, records bool) (by float64, shape int) {
	what, slot, today := pack(m.kind, m.dir, records), quarter(m.t), day(m.t)
	for i := range f.Day {
		if f.Day[i] == 0 {
			continue
		}
		age := max(0, int(today)-int(f.Day[i]))
		if age > feedbackDays {
			f.free(i)
			continue
		}
		if !alike(f.kind(i), m.kind) || f.What[i]>>5&3 != what>>5&3 {
			continue
		}
		r := (bearWith*evidenceOf(f.Size[i]) - m.bar) * math.Exp2(-float64(age)/feedbackHalf) * float64(f.Weight[i]) / feedbackFull
		if aroundClock(f.Slot[i], slot) > feedbackNear {
			r /= 2
		}
		if (f.What[i]^what)>>7 != 0 {
			r /= 2
		}
		if r > by {
			by, shape = r, i
		}
	}
	return by, shape
}

// until returns the instant (Unix milliseconds) at which evidence of this size
// is heard again at a bar, if nothing is said until then.
func (f *feedback) until(shape int, size, bar float64) int64 {
	days := float64(feedbackDays + 1)
	if full := (bearWith*evidenceOf(f.Size[shape]) - bar) * float64(f.Weight[shape]) / feedbackFull; size > bar && full > size-bar {
		days = min(days, math.Ceil(feedbackHalf*math.Log2(full/(size-bar))))
	}
	return (int64(f.Day[shape]) - 1 + int64(days)) * 24 * hourMS
}
