package custom

import (
	"math"
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// The functions of the language. A statistic of no values is NaN, "cannot say":
// a sample whose evidence is NaN is not judged. Formulas are the textbook's:
// standard deviation with n-1, quantiles by linear interpolation (type 7 of
// Hyndman and Fan 1996), mad = median distance from the median, unscaled,
// slope = least squares against 0..n-1, so per sample: divide by step for per
// second.

// function is one of them. work is its cost: steps for each element of its
// list, beside one for the call.
type function struct {
	name string
	args string // l: list of numbers, n: number, s: text, a: any list.
	out  byte
	work uint64
	do   func(args ...ref.Val) ref.Val
	doc  string
}

var functions = []function{
	list("count", 0, "how many", func(x []float64) float64 { return float64(len(x)) }),
	list("sum", 1, "sum", sum),
	list("mean", 1, "mean", mean),
	list("median", 4, "median", median),
	list("stddev", 2, "standard deviation", stddev),
	list("mad", 8, "median distance from the median", mad),
	list("min", 1, "least", func(x []float64) float64 { return extreme(x, math.Min) }),
	list("max", 1, "largest", func(x []float64) float64 { return extreme(x, math.Max) }),
	list("slope", 2, "straight line through it, per sample", slope),
	list("last", 0, "newest", func(x []float64) float64 {
		if len(x) == 0 {
			return math.NaN()
		}
		return x[len(x)-1]
	}),
	{"quantile", "ln", 'n', 4, func(a ...ref.Val) ref.Val {
		return types.Double(quantile(floats(a[0].(traits.Lister)), float64(a[1].(types.Double))))
	}, "value with this share of the list below it, 0 to 1"},
	two("min", "lesser", math.Min), two("max", "larger", math.Max), two("pow", "power", math.Pow), two("mod", "remainder", math.Mod),
	one("abs", "without its sign", math.Abs), one("sqrt", "square root", math.Sqrt), one("exp", "e to the power", math.Exp),
	one("log", "natural logarithm", math.Log), one("log10", "logarithm to base 10", math.Log10),
	one("floor", "whole number below", math.Floor), one("ceil", "whole number above", math.Ceil), one("round", "nearest whole number", math.Round),
	one("hour", "hour of the day at t, UTC, 0 to 23", func(t float64) float64 { return math.Floor(positiveMod(t, 86400) / 3600) }),
	one("weekday", "day of the week at t, UTC, 0 is Sunday", func(t float64) float64 {
		return positiveMod(math.Floor(t/86400)+4, 7) // 1 January 1970 was a Thursday.
	}),
	{"size", "s", 'n', 0, func(a ...ref.Val) ref.Val { return types.Double(len(a[0].(types.String))) }, "bytes of a text"},
	{"size", "a", 'n', 0, func(a ...ref.Val) ref.Val {
		n, _ := a[0].(traits.Sizer).Size().(types.Int)
		return types.Double(n)
	}, "elements of a list"},
	{"text", "n", 's', 0, func(a ...ref.Val) ref.Val {
		return types.String(strconv.FormatFloat(float64(a[0].(types.Double)), 'g', 4, 64))
	}, "a number in four digits"},
}

func list(name string, work uint64, doc string, f func([]float64) float64) function {
	return function{name, "l", 'n', work, func(a ...ref.Val) ref.Val { return types.Double(f(floats(a[0].(traits.Lister)))) }, doc}
}

func one(name, doc string, f func(float64) float64) function {
	return function{name, "n", 'n', 0, func(a ...ref.Val) ref.Val { return types.Double(f(float64(a[0].(types.Double)))) }, doc}
}

func two(name, doc string, f func(a, b float64) float64) function {
	return function{name, "nn", 'n', 0, func(a ...ref.Val) ref.Val {
		return types.Double(f(float64(a[0].(types.Double)), float64(a[1].(types.Double))))
	}, doc}
}

// id names the overload: "mean_l".
func (f function) id() string { return f.name + "_" + f.args }

// functionOptions declares the functions.
func functionOptions() []cel.EnvOption {
	types := map[byte]*cel.Type{'l': listOfNumbers, 'n': cel.DoubleType, 's': cel.StringType, 'a': cel.ListType(anyElement)}
	var out []cel.EnvOption
	for _, f := range functions {
		args := make([]*cel.Type, len(f.args))
		for i := range f.args {
			args[i] = types[f.args[i]]
		}
		var bind cel.OverloadOpt
		switch len(args) {
		case 1:
			bind = cel.UnaryBinding(func(v ref.Val) ref.Val { return f.do(v) })
		default:
			bind = cel.BinaryBinding(func(a, b ref.Val) ref.Val { return f.do(a, b) })
		}
		out = append(out, cel.Function(f.name, cel.Overload(f.id(), args, types[f.out], bind)))
	}
	return out
}

func positiveMod(x, m float64) float64 {
	r := math.Mod(x, m)
	if r < 0 {
		r += m
	}
	return r
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

func mean(x []float64) float64 { return sum(x) / float64(len(x)) }

func extreme(x []float64, pick func(a, b float64) float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	out := x[0]
	for _, v := range x[1:] {
		out = pick(out, v)
	}
	return out
}

func stddev(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	m, s := mean(x), 0.0
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return math.Sqrt(s / float64(len(x)-1))
}

func median(x []float64) float64 { return quantile(x, .5) }

func mad(x []float64) float64 {
	m := median(x)
	away := make([]float64, len(x))
	for i, v := range x {
		away[i] = math.Abs(v - m)
	}
	slices.Sort(away)
	return sortedQuantile(away, .5)
}

func quantile(x []float64, q float64) float64 {
	if len(x) == 0 || !(q >= 0 && q <= 1) {
		return math.NaN()
	}
	s := slices.Clone(x)
	slices.Sort(s)
	return sortedQuantile(s, q)
}

func sortedQuantile(s []float64, q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	at := q * float64(len(s)-1)
	lo := int(at)
	if lo+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[lo] + (at-float64(lo))*(s[lo+1]-s[lo])
}

func slope(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	mid, m := float64(len(x)-1)/2, mean(x)
	var up, down float64
	for i, v := range x {
		d := float64(i) - mid
		up += d * (v - m)
		down += d * d
	}
	return up / down
}
