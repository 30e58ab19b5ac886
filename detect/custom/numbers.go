package custom

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"reflect"
)

// numbers is a list of numbers as expressions see it, without copying: the
// window of a series, or a list it remembers. It is read only; what an
// expression makes of it is a new list.
type numbers struct{ x []float64 }

// ConvertToNative implements ref.Val; nothing asks for it.
func (n *numbers) ConvertToNative(t reflect.Type) (any, error) {
	return types.DefaultTypeAdapter.NativeToValue(n.x).ConvertToNative(t)
}

// ConvertToType implements ref.Val.
func (n *numbers) ConvertToType(t ref.Type) ref.Val {
	if t == types.ListType {
		return n
	}
	return types.NewErr("cannot convert a list to %s", t.TypeName())
}

// Equal implements ref.Val.
func (n *numbers) Equal(other ref.Val) ref.Val {
	o, ok := other.(traits.Lister)
	if !ok {
		return types.False
	}
	x := floats(o)
	if len(x) != len(n.x) {
		return types.False
	}
	for i := range n.x {
		if n.x[i] != x[i] {
			return types.False
		}
	}
	return types.True
}

// Type implements ref.Val.
func (n *numbers) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (n *numbers) Value() any { return n.x }

// Add implements traits.Adder; the language has no sum of lists.
func (n *numbers) Add(ref.Val) ref.Val { return types.NewErr("lists cannot be added") }

// Contains implements traits.Container.
func (n *numbers) Contains(elem ref.Val) ref.Val {
	x, ok := elem.(types.Double)
	if !ok {
		return types.False
	}
	for _, v := range n.x {
		if v == float64(x) {
			return types.True
		}
	}
	return types.False
}

// Get implements traits.Indexer.
func (n *numbers) Get(index ref.Val) ref.Val {
	i, ok := -1, false
	switch x := index.(type) {
	case types.Double:
		i, ok = int(x), float64(int(x)) == float64(x)
	case types.Int:
		i, ok = int(x), true
	}
	if !ok || i < 0 || i >= len(n.x) {
		return types.NewErr("there is no element %v in a list of %d", index.Value(), len(n.x))
	}
	return types.Double(n.x[i])
}

// Size implements traits.Sizer.
func (n *numbers) Size() ref.Val { return types.Int(len(n.x)) }

// Iterator implements traits.Iterable.
func (n *numbers) Iterator() traits.Iterator { return &walk{n: n.x} }

// walk is a position in a list.
type walk struct {
	types.Null // For the methods of ref.Val that no iterator is asked for.
	n          []float64
	i          int
}

// HasNext implements traits.Iterator.
func (w *walk) HasNext() ref.Val { return types.Bool(w.i < len(w.n)) }

// Next implements traits.Iterator.
func (w *walk) Next() ref.Val {
	if w.i >= len(w.n) {
		return types.NewErr("the list has ended")
	}
	w.i++
	return types.Double(w.n[w.i-1])
}

// floats returns the numbers of any list; the same memory if it can. Elements
// of another type, which the type check excludes, count as 0.
func floats(l traits.Lister) []float64 {
	if n, ok := l.(*numbers); ok {
		return n.x
	}
	size, _ := l.Size().(types.Int)
	out := make([]float64, 0, size)
	for it := l.Iterator(); it.HasNext() == types.True; {
		x, _ := it.Next().(types.Double)
		out = append(out, float64(x))
	}
	return out
}
