package detect

import "math"

// recurrence remembers, per quarter of an hour of the day, how large the fused
// ratio got on each of the last two days. What was as large on both days at
// about this time is scheduled work, not news: a backup, a cron job, a daily
// peak. It is heard twice and then taken as usual for as long as it recurs.
//
// Sizes are kept as logarithms in a byte: 16 steps per octave from 1, so
// 0 means "below 1" and 255 means 2^16.
type recurrence struct {
	Last, Before [96]uint8
	Slot         uint8
	Now          uint8 // The largest size in the current slot so far.
}

const quarterMS = 900_000

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
		c.Before[c.Slot], c.Last[c.Slot] = c.Last[c.Slot], c.Now
		c.Slot, c.Now = slot, 0
	}
	level := uint8(0)
	for _, k := range [3]uint8{slot, (slot + 1) % 96, (slot + 95) % 96} {
		level = max(level, min(c.Last[k], c.Before[k]))
	}
	if level == 0 {
		return 1
	}
	return math.Exp2((float64(level) + 1) / 16)
}

// note takes the fused ratio of the current sample into the slot.
func (c *recurrence) note(size float64) {
	if size > 1 {
		c.Now = max(c.Now, logByte(size))
	}
}
