package detect

// recent is a ring of the last eight values, offset by the series' origin.
type recent struct {
	V [8]float32
	N uint32 // Values seen.
}

// at returns the value k samples ago: 1 is the last one pushed. k in [1, 8].
func (r *recent) at(k uint32) float64 { return float64(r.V[(r.N-k)&7]) }

// push appends a value.
func (r *recent) push(x float64) {
	r.V[r.N&7] = float32(x)
	r.N++
}

// median5 returns the median of the values 2 to 6 samples ago.
func (r *recent) median5() float64 {
	var v [5]float64
	for i := range v {
		v[i] = r.at(uint32(i) + 2)
	}
	return median5(v)
}

// median5 returns the middle of five values.
func median5(v [5]float64) float64 {
	for i := 1; i < len(v); i++ {
		x, j := v[i], i
		for ; j > 0 && v[j-1] > x; j-- {
			v[j] = v[j-1]
		}
		v[j] = x
	}
	return v[2]
}

// mean6 returns the mean of x and the five values before it.
func (r *recent) mean6(x float64) float64 {
	for k := uint32(1); k <= 5; k++ {
		x += r.at(k)
	}
	return x / 6
}
