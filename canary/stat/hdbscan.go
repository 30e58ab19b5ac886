package stat

import (
	"cmp"
	"math"
	"slices"
)

// HDBSCAN on a line. Points are joined in order of mutual reachability distance
// max(core(a), core(b), |a-b|), core(a) being the distance to the
// minSize-1-th neighbour. Read from the top, the tree of joins splits; a split
// whose parts both hold minSize points makes two clusters, otherwise the small
// part only falls away. A cluster's stability is how long, in 1/distance, its
// points stay; the set of clusters with the most stability is kept (Campello,
// Moulavi & Sander, PAKDD 2013). The whole may be one cluster.

// hnode is a join: two children, the distance, and the points below.
type hnode struct {
	left, right int // Indices of nodes; below n they are points.
	dist        float64
	size        int
}

// HDBSCAN returns a cluster per point, numbered from 0 in order of first
// appearance, Noise for none. minSize is at least 2. Cost is quadratic in the
// number of points; callers keep it to a few thousand.
func HDBSCAN(x []float64, minSize int) []int {
	n := len(x)
	out := make([]int, n)
	for i := range out {
		out[i] = Noise
	}
	minSize = max(2, minSize)
	if n < minSize || hasNaN(x) {
		return out
	}
	// In order of position, so that ties among distances fall the same way
	// however the points are listed.
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	sorted := make([]float64, n)
	for i, p := range order {
		sorted[i] = x[p]
	}
	t := &htree{n: n, minSize: minSize, nodes: linkage(sorted, minSize-1)}
	root := n + len(t.nodes) - 1
	rootLambda := 0.0
	_, chosen := t.choose(root, rootLambda)
	next := 0
	label := map[int]int{}
	for _, c := range chosen {
		for _, p := range t.points(c) {
			out[order[p]] = c
		}
	}
	for i, c := range out {
		if c == Noise {
			continue
		}
		if _, ok := label[c]; !ok {
			label[c] = next
			next++
		}
		out[i] = label[c]
	}
	return out
}

// linkage returns the single-linkage tree under mutual reachability.
func linkage(x []float64, k int) []hnode {
	n := len(x)
	core := coreDistances(x, k)
	type edge struct {
		a, b int
		d    float64
	}
	// Prim's minimum spanning tree.
	edges := make([]edge, 0, n-1)
	best, from, done := make([]float64, n), make([]int, n), make([]bool, n)
	for i := range best {
		best[i] = math.Inf(1)
	}
	at := 0
	for len(edges) < n-1 {
		done[at] = true
		pick := -1
		for i := range x {
			if done[i] {
				continue
			}
			if d := max(core[at], core[i], math.Abs(x[at]-x[i])); d < best[i] {
				best[i], from[i] = d, at
			}
			if pick < 0 || best[i] < best[pick] {
				pick = i
			}
		}
		edges = append(edges, edge{from[pick], pick, best[pick]})
		at = pick
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(a.d, b.d) })
	parent := make([]int, 2*n-1)
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	nodes := make([]hnode, 0, n-1)
	size := func(i int) int {
		if i < n {
			return 1
		}
		return nodes[i-n].size
	}
	for _, e := range edges {
		l, r := find(e.a), find(e.b)
		id := n + len(nodes)
		nodes = append(nodes, hnode{l, r, e.d, size(l) + size(r)})
		parent[l], parent[r] = id, id
	}
	return nodes
}

// coreDistances is each point's distance to its k-th nearest other point.
func coreDistances(x []float64, k int) []float64 {
	core := make([]float64, len(x))
	d := make([]float64, 0, len(x))
	for i, v := range x {
		d = d[:0]
		for j, w := range x {
			if j != i {
				d = append(d, math.Abs(v-w))
			}
		}
		slices.Sort(d)
		core[i] = d[min(k, len(d))-1]
	}
	return core
}

type htree struct {
	n, minSize int
	nodes      []hnode
}

func (t *htree) size(i int) int {
	if i < t.n {
		return 1
	}
	return t.nodes[i-t.n].size
}

// points lists the points below node i.
func (t *htree) points(i int) []int {
	var out []int
	stack := []int{i}
	for len(stack) > 0 {
		i = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if i < t.n {
			out = append(out, i)
			continue
		}
		stack = append(stack, t.nodes[i-t.n].left, t.nodes[i-t.n].right)
	}
	return out
}

// choose returns the greatest stability below the cluster that begins at node
// i, born at density birth (1/distance), and the nodes that give it: either the
// cluster itself or what its descendants choose.
func (t *htree) choose(i int, birth float64) (float64, []int) {
	begin, stability := i, 0.0
	for {
		if i < t.n {
			return finite(stability), []int{begin}
		}
		nd := t.nodes[i-t.n]
		lambda := math.Inf(1)
		if nd.dist > 0 {
			lambda = 1 / nd.dist
		}
		l, r := t.size(nd.left), t.size(nd.right)
		switch {
		case l >= t.minSize && r >= t.minSize:
			stability = finite(stability + float64(l+r)*(lambda-birth))
			sl, cl := t.choose(nd.left, lambda)
			sr, cr := t.choose(nd.right, lambda)
			if sl+sr > stability {
				return sl + sr, append(cl, cr...)
			}
			return stability, []int{begin}
		case l >= t.minSize:
			stability = finite(stability + float64(r)*(lambda-birth))
			i = nd.left
		case r >= t.minSize:
			stability = finite(stability + float64(l)*(lambda-birth))
			i = nd.right
		default:
			return finite(stability + float64(l+r)*(lambda-birth)), []int{begin}
		}
	}
}

// finite caps what duplicates at distance zero would make infinite, and turns
// Inf - Inf into nothing.
func finite(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(v, math.MaxFloat64/4)
}
