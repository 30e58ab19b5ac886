package main

import (
	"math"
	"math/rand/v2"
	"strconv"
)

// The cases: what a judge of metrics meets, and what a root search trips over.

// pair is one case.
type pair struct {
	kind  string
	level float64
	x, y  []float64
}

// kinds are the shapes of the two sides, in equal shares.
var kinds = []string{"normal", "heavy", "ties", "zeros", "shifted", "constant side", "walk", "tiny", "duplicates", "counts"}

// levels of confidence: Kayenta's first, taken half of the time.
var levels = []float64{0.98, 0.98, 0.98, 0.9, 0.95, 0.99}

// draw makes case number i; the same number gives the same case.
func draw(i uint64) pair {
	rng := rand.New(rand.NewPCG(2026, i))
	p := pair{kind: kinds[i%uint64(len(kinds))], level: levels[rng.IntN(len(levels))]}
	m, n := size(rng), size(rng)
	// Units from microseconds to megabytes; the search is blind below 1e-4.
	unit := math.Pow(10, float64(rng.IntN(13)-6))
	if rng.IntN(3) == 0 {
		unit = 1
	}
	p.x, p.y = side(rng, p.kind, m, unit, true), side(rng, p.kind, n, unit, false)
	if p.kind == "duplicates" { // The sides share most of their values.
		for j := range p.y {
			if rng.IntN(3) > 0 {
				p.y[j] = p.x[rng.IntN(m)]
			}
		}
	}
	return p
}

// size favours what pipelines send, 2 to 60, with some of 1 to 3 and up to 250.
func size(rng *rand.Rand) int {
	switch rng.IntN(10) {
	case 0:
		return 1 + rng.IntN(3)
	case 1:
		return 60 + rng.IntN(190)
	}
	return 2 + rng.IntN(59)
}

// side draws one side of a kind.
func side(rng *rand.Rand, kind string, n int, unit float64, canary bool) []float64 {
	v := make([]float64, n)
	level, at := rng.NormFloat64()*float64(rng.IntN(2)), 0.0
	for i := range v {
		z := rng.NormFloat64()
		switch kind {
		case "heavy":
			z = math.Exp(2 * z)
		case "ties":
			z = math.Round(3 * z)
		case "zeros":
			if rng.IntN(4) > 0 {
				z = 0
			}
		case "shifted":
			if canary {
				z += 3
			}
			z += 10
		case "constant side":
			if canary {
				z = 2
			}
		case "walk":
			at += z
			z = at
		case "tiny":
			z = 1 + z*1e-5
		case "counts":
			z = math.Floor(math.Exp(1 + z))
		}
		v[i] = (z + level*float64(rng.IntN(2))) * unit
		if kind == "ties" || kind == "zeros" || kind == "counts" {
			v[i] = z * unit
		}
	}
	if rng.IntN(4) == 0 { // Rounded as an exporter prints it.
		for i := range v {
			v[i], _ = strconv.ParseFloat(strconv.FormatFloat(v[i], 'g', 4, 64), 64)
		}
	}
	return v
}
