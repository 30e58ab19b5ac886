package detect

import "math"

// recurrence knows scheduled work: a backup, a cron job, a report on Mondays.
// It looks twice.
//
//	quarters  how large the fused ratio got in each quarter of an hour on each
//	          of the last two days. What was as large on both is usual at about
//	          this time, whatever it is, and divides the fused ratio.
//	marks     the largest excursions of the last week by the minute they began.
//	          One that begins at that minute a day, a weekend or a week later,
//	          and is about as large, is doubted for as long as the other took:
//	          it is scored, but not told at the default budget.
//
// So a daily job is heard once and a weekly one in its first week. One
// precedent only holds the telling back, because it may be chance: dividing
// after one day cost a tenth of the recall on the public KPI sets.
type recurrence struct {
	Quarter [96]uint8 // Sizes: the last day in the low half, the one before in the high half.
	Slot    uint8
	Now     uint8 // The largest size in the current quarter so far.
	At      uint8 // The mark of the last excursion, from 1; 0 if none.
	Known   uint8 // Size and
	Takes   uint8 // length of its precedent; 0 if it has none.
	Doubted bool  // The last sample was.
	Mark    [marks]mark
}

// mark is an excursion that may come again.
type mark struct {
	Minute uint16 // Of the week, of its first sample.
	Week   uint8  // Modulo 256.
	Size   uint8  // 0: free.
	Length uint8  // Minutes, at most 255.
}

const (
	quarterMS    = 900_000
	minuteMS     = 60_000
	weekMins     = 7 * 1440
	quarterSteps = 3 // Steps of size per octave in four bits, in eight bits 16.
	marks        = 12
	markFrom     = 1.15 // Size from which an excursion is marked: where the guard begins.
	markApart    = 15   // Minutes that part two excursions.
	markJitter   = 3    // Minutes by which a job is early or late, and longer than the last.
	markLouder   = 6    // Steps of size by which a repeat may be larger: a quarter.
	markDoubt    = .2   // Evidence by which a repeat stays below the bar of the default budget.
)

// logByte returns size on the byte scale.
func logByte(size float64) uint8 {
	if size <= 1 {
		return 0
	}
	return uint8(min(255, 16*math.Log2(size)))
}

// usual returns the fused ratio that recurs at this time of day, at least 1.
// The neighbouring quarters count too: schedules jitter.
func (c *recurrence) usual(t int64) float64 {
	slot := uint8(uint64(t/quarterMS) % 96)
	if slot != c.Slot {
		c.Quarter[c.Slot] = c.Quarter[c.Slot]<<4 | c.Now
		c.Slot, c.Now = slot, 0
	}
	level := uint8(0)
	for _, k := range [3]uint8{slot, (slot + 1) % 96, (slot + 95) % 96} {
		level = max(level, min(c.Quarter[k]&15, c.Quarter[k]>>4))
	}
	if level == 0 {
		return 1
	}
	return math.Exp2(float64(level) / quarterSteps)
}

// note takes the fused ratio of the current sample into the quarter.
func (c *recurrence) note(size float64) {
	if size > 1 {
		c.Now = max(c.Now, uint8(min(15, math.Ceil(quarterSteps*math.Log2(size)))))
	}
}

// doubt bounds the evidence of an excursion that has a precedent and is no
// larger and no longer. step is the distance of samples, milliseconds.
func (c *recurrence) doubt(e float64, t int64, size, step float64) float64 {
	c.Doubted = false
	if size <= markFrom {
		return e
	}
	if step <= 0 {
		step = minuteMS
	}
	minutes := t / minuteMS
	jitter := min(240, max(markJitter, int64(1.5*step/minuteMS)))
	if c.At == 0 || minutes-c.Mark[c.At-1].began(minutes) >= int64(c.Mark[c.At-1].Length)+markApart {
		c.begin(minutes, jitter)
	}
	m := &c.Mark[c.At-1]
	took, now := minutes-m.began(minutes), logByte(size)
	m.Size, m.Length = max(m.Size, now), uint8(min(math.MaxUint8, took))
	c.Doubted = c.Known > 0 && now <= c.Known+min(markLouder, math.MaxUint8-c.Known) && took <= int64(c.Takes)*3/2+jitter
	if !c.Doubted {
		return e
	}
	return min(e, math.Log10(86_400_000/step*1000/DefaultBudget)-markDoubt)
}

// began returns the minute the mark was made, at most 256 weeks before now.
func (m *mark) began(now int64) int64 {
	const cycle = 256 * weekMins
	age := (now - int64(m.Week)*weekMins - int64(m.Minute)) % cycle
	return now - (age+cycle)%cycle
}

// begin finds the precedent of an excursion that begins now, and marks it in
// the place of its precedent, of a mark that is too old, or of the smallest.
func (c *recurrence) begin(now, jitter int64) {
	c.Known, c.Takes = 0, 0
	at, least := 0, math.MaxInt
	for i := range c.Mark {
		m := &c.Mark[i]
		size := int(m.Size)
		if size > 0 {
			age := now - m.began(now)
			for _, days := range [3]int64{1, 3, 7} {
				if off := age - days*1440; off >= -jitter && off <= jitter && m.Size > c.Known {
					c.Known, c.Takes = m.Size, m.Length
					size = -1
				}
			}
			if age > weekMins+jitter {
				size = 0
			}
		}
		if size < least {
			at, least = i, size
		}
	}
	week := (now%(256*weekMins) + 256*weekMins) % (256 * weekMins)
	c.Mark[at] = mark{Minute: uint16(week % weekMins), Week: uint8(week / weekMins), Size: 1}
	c.At = uint8(at) + 1
}
