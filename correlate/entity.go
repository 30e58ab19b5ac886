package correlate

// Which entity a series belongs to.
//
// A label says so, where there is one: first the asked label, then the usual
// names for the same thing, then the pod, whose two hash suffixes are dropped.
// Two labels that name two ends (caller and callee, source and destination, or
// the entity's label and a peer) make the series an edge. A file without any
// such label has names only; there the entity is the part of the name that
// combines most freely with the rest: in cart_cpu, cart_memory, front-end_cpu
// the parts before "_" and after it form a table, and its rows are the
// entities.

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// entityLabels are tried in this order when the asked label is absent.
var entityLabels = []string{"service", "service_name", "microservice", "app", "application", "component", "workload",
	"deployment", "container", "database", "datastore", "node_name", "pod", "pod_name", "instance", "node", "host", "hostname"}

// edgeLabels are the pairs (caller, callee) that make a series an edge.
var edgeLabels = [][2]string{{"caller", "callee"}, {"source", "destination"}, {"source", "target"}, {"src", "dst"}, {"client", "server"},
	{"source_service", "destination_service"}, {"source_workload", "destination_workload"}, {"from", "to"}}

// calleeLabels name the far end of a call beside the entity's own label:
// latency{service="web",peer="cart"} is the call from web to cart.
var calleeLabels = []string{"callee", "destination", "destination_service", "dst", "peer", "peer_service", "remote_service"}

// owner is what a series' identity says about its place in the system.
type owner struct {
	entity string // Empty: an edge, or nobody's.
	caller string // Edges only.
	callee string
	metric string // What is measured, the same text for the same metric of another entity.
}

// owners resolves every series. byName reports that labels were no help and
// the names were split.
func owners(cs []Candidate, label string) (out []owner, byName bool) {
	if label == "" {
		label = "service"
	}
	out = make([]owner, len(cs))
	labelled := false
	for i, c := range cs {
		out[i] = ownerByLabel(c.Labels, label)
		labelled = labelled || out[i].entity != ""
	}
	if labelled {
		adopt(out, cs)
		return out, false
	}
	splitNames(out, cs)
	return out, true
}

// ownerByLabel reads the labels of one series.
func ownerByLabel(ls labels.Labels, label string) owner {
	for _, pair := range edgeLabels {
		a, b := ls.Get(pair[0]), ls.Get(pair[1])
		if a != "" && b != "" {
			return owner{caller: a, callee: b, metric: rest(ls, pair[0], pair[1])}
		}
	}
	for _, name := range append([]string{label}, entityLabels...) {
		if v := ls.Get(name); v != "" {
			for _, far := range calleeLabels {
				if b := ls.Get(far); b != "" && far != label {
					return owner{caller: stripPod(name, v), callee: b, metric: rest(ls, name, far)}
				}
			}
			return owner{entity: stripPod(name, v), metric: rest(ls, append(entityLabels, label)...)}
		}
	}
	return owner{metric: rest(ls)}
}

// rest is the identity of a series without the named labels.
func rest(ls labels.Labels, without ...string) string {
	var b strings.Builder
	ls.Range(func(l labels.Label) {
		if !slices.Contains(without, l.Name) {
			b.WriteString(l.Name + "\x00" + l.Value + "\x00")
		}
	})
	return b.String()
}

// stripPod drops the ReplicaSet and pod hashes of a pod name:
// cartservice-579f59597d-wc2lz is cartservice.
func stripPod(label, v string) string {
	if !strings.HasPrefix(label, "pod") {
		return v
	}
	parts := strings.Split(v, "-")
	if n := len(parts); n >= 3 && len(parts[n-1]) == 5 && len(parts[n-2]) >= 6 && hasDigit(parts[n-2]) {
		return strings.Join(parts[:n-2], "-")
	}
	return v
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// adopt gives series without an entity label to the entity whose name they
// begin with, in a file where others carry the label: frontend_latency to
// frontend. The longest such name wins.
func adopt(out []owner, cs []Candidate) {
	known := map[string]bool{}
	for _, o := range out {
		if o.entity != "" {
			known[o.entity] = true
		}
	}
	for i := range out {
		if out[i].entity != "" || out[i].caller != "" {
			continue
		}
		name := cs[i].Labels.Get(labels.MetricName)
		for _, at := range cuts(name) {
			if known[name[:at]] {
				out[i].entity, out[i].metric = name[:at], name[at+1:]
			}
		}
	}
}

// cuts returns the places where a bare name may be split: at _ : | or space,
// or at - and . if it has none of those. Names that look like URLs are whole.
func cuts(name string) []int {
	if strings.ContainsAny(name, "/;") {
		return nil
	}
	for _, set := range [2]string{"_:| ", "-."} {
		var at []int
		for i := 1; i < len(name)-1; i++ {
			if strings.IndexByte(set, name[i]) >= 0 {
				at = append(at, i)
			}
		}
		if len(at) > 0 {
			return at
		}
	}
	return nil
}

// splitNames cuts every bare name where the fewer of (names with this head,
// names with this tail) are most, then where their product is largest: a table
// with many rows and many columns, not a single row or column. A name whose
// head and tail nobody shares stays whole.
func splitNames(out []owner, cs []Candidate) {
	heads, tails := map[string]int{}, map[string]int{}
	for _, c := range cs {
		name := c.Labels.Get(labels.MetricName)
		for _, at := range cuts(name) {
			heads[name[:at]]++
			tails[name[at+1:]]++
		}
	}
	for i, c := range cs {
		if out[i].caller != "" {
			continue
		}
		name := c.Labels.Get(labels.MetricName)
		out[i].entity, out[i].metric = name, ""
		least, product := 0, 1
		for _, at := range cuts(name) {
			h, t := heads[name[:at]], tails[name[at+1:]]
			if l := min(h, t); l > least || l == least && h*t > product {
				if h*t > 1 {
					least, product = l, h*t
					out[i].entity, out[i].metric = name[:at], name[at+1:]
				}
			}
		}
	}
}
