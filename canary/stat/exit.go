package stat

import "math"

// The recursion for any looks and any band: the density among the paths still
// inside, integrated look by look (Armitage, McPherson & Rowe, JRSS A 1969).
// Only positive terms are added, so small probabilities keep their digits.

// ExitProbability returns, look by look, the probability under the null that
// S first leaves the band at that look: |S_k| >= band[k], or S_k >= band[k] if
// one-sided. info holds the increasing information shares of the looks; they
// may pass 1. Invalid input gives nil.
func ExitProbability(info, band []float64, twoSided bool) []float64 {
	if len(info) != len(band) || len(info) == 0 {
		return nil
	}
	exit := make([]float64, len(info))
	w := newBandWalk(twoSided)
	for k, t := range info {
		if !w.ahead(t) || band[k] != band[k] {
			return nil
		}
		exit[k] = w.exit(t, band[k])
		if k < len(info)-1 {
			w.carry(t, band[k])
		}
	}
	return exit
}

// bandWalk is the density of a Brownian motion still inside its band.
type bandWalk struct {
	twoSided   bool
	time       float64
	node, mass []float64 // Ascending nodes; density times quadrature weight.
}

func newBandWalk(twoSided bool) *bandWalk {
	return &bandWalk{twoSided: twoSided, node: []float64{0}, mass: []float64{1}}
}

// ahead reports whether t is a time the walk can go on to.
func (w *bandWalk) ahead(t float64) bool { return t > w.time && !math.IsInf(t, 1) }

// exit is the chance to be outside the band at time t first.
func (w *bandWalk) exit(t, band float64) float64 {
	step, hi := math.Sqrt(t-w.time), max(0, band)
	sum := 0.0
	for i, x := range w.node {
		out := NormalTail((hi - x) / step)
		if w.twoSided {
			out += NormalTail((x + hi) / step)
		}
		sum += w.mass[i] * out
	}
	return sum
}

// kernelReach is how many steps away a path can come from in one step; what is
// left out is exp(-72) of it.
const kernelReach = 12

// mostPanels bounds the nodes of one look.
const mostPanels = 4000

// carry moves the density to time t, onto fresh nodes inside the band.
func (w *bandWalk) carry(t, band float64) {
	step := math.Sqrt(t - w.time)
	hi := min(max(0, band), kernelReach*math.Sqrt(t)) // Nobody is further out.
	lo := -hi
	if !w.twoSided {
		lo = -8 * math.Sqrt(t) // Who is lower does not come back.
	}
	// Composite 8-point panels no wider than 1.5 steps resolve the kernel.
	panels := min(mostPanels, max(1, int(math.Ceil((hi-lo)/(1.5*step)))))
	width := (hi - lo) / float64(panels)
	node, mass := make([]float64, 0, 8*panels), make([]float64, 0, 8*panels)
	from := 0
	for p := range panels {
		mid := lo + (float64(p)+0.5)*width
		for _, g := range gauss8 {
			y := mid + width/2*g.x
			for from < len(w.node) && w.node[from] < y-kernelReach*step {
				from++
			}
			d := 0.0
			for j := from; j < len(w.node) && w.node[j] < y+kernelReach*step; j++ {
				z := (y - w.node[j]) / step
				d += w.mass[j] * math.Exp(-z*z/2)
			}
			node = append(node, y)
			mass = append(mass, d*width/2*g.w/(step*math.Sqrt(2*math.Pi)))
		}
	}
	w.node, w.mass, w.time = node, mass, t
}

// gauss8 is the 8-point Gauss-Legendre rule on [-1,1] (Abramowitz & Stegun,
// table 25.4).
var gauss8 = [8]struct{ x, w float64 }{
	{-0.960289856497536232, 0.101228536290376259},
	{-0.796666477413626740, 0.222381034453374471},
	{-0.525532409916328986, 0.313706645877887287},
	{-0.183434642495649805, 0.362683783378361983},
	{0.183434642495649805, 0.362683783378361983},
	{0.525532409916328986, 0.313706645877887287},
	{0.796666477413626740, 0.222381034453374471},
	{0.960289856497536232, 0.101228536290376259},
}
