package custom

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/prometheus/prometheus/model/labels"
)

// activation is what the expressions of one sample see.
type activation struct {
	d         *Detector
	value     float64
	t         float64 // Unix seconds.
	step      float64 // Seconds.
	n         float64
	bar       float64
	anomalous bool
	labels    ref.Val
	window    numbers
	state     []value   // Before the sample.
	with      []float64 // Companions.
	expected  float64
	evidence  float64
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "value":
		return types.Double(a.value), true
	case "t":
		return types.Double(a.t), true
	case "step":
		return types.Double(a.step), true
	case "n":
		return types.Double(a.n), true
	case "bar":
		return types.Double(a.bar), true
	case "anomalous":
		return types.Bool(a.anomalous), true
	case "labels":
		return a.labels, true
	case "window":
		return &a.window, true
	case "expected":
		return types.Double(a.expected), true
	case "evidence":
		return types.Double(a.evidence), true
	}
	i, ok := a.d.slots[name]
	switch {
	case !ok:
		return nil, false
	case i >= 0:
		return a.state[i].cel(), true
	}
	return types.Double(a.with[-1-i]), true
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// labelsOf returns the labels as a map that is walked in the order of its keys,
// so that a walk gives the same on every run.
func labelsOf(ls labels.Labels) ref.Val {
	m := map[string]string{}
	keys := make([]ref.Val, 0, ls.Len())
	ls.Range(func(l labels.Label) {
		m[l.Name] = l.Value
		keys = append(keys, types.String(l.Name))
	})
	slices.SortFunc(keys, func(a, b ref.Val) int { return int(a.(traits.Comparer).Compare(b).(types.Int)) })
	return &ordered{types.NewStringStringMap(types.DefaultTypeAdapter, m), types.DefaultTypeAdapter.NativeToValue(keys).(traits.Iterable)}
}

// ordered is a map with an order.
type ordered struct {
	traits.Mapper
	keys traits.Iterable
}

// Iterator implements traits.Iterable.
func (o *ordered) Iterator() traits.Iterator { return o.keys.Iterator() }
