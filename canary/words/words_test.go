package words

import (
	"math"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Number(0.062084), "0.06208"},
		{Number(math.NaN()), "unknown"},
		{Number(math.Inf(-1)), "-unbounded"},
		{P(math.Log(2.46e-12)), "2.5e-12"},
		{P(-2302.6), "1e-1000"},
		{P(math.Inf(-1)), "0"},
		{Count(1, "metric"), "1 metric"},
		{Count(0, "metric"), "0 metrics"},
		{Minutes(0.5), "30 seconds"},
		{Minutes(17), "17 minutes"},
		{Minutes(150), "2.5 hours"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
