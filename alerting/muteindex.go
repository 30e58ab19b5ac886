package alerting

// This file is how an event finds its suppressions without asking each of them.
// A target is filed under one of its equality pairs (label, value), the one
// with the fewest targets so far; a target without any goes to the rest, which
// everybody must look at. The cost of an event is therefore that of its own
// candidates, not that of all suppressions.

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

type pair struct{ name, value string }

// target is one matcher list of an active suppression.
type target struct {
	owner    *suppression
	matchers []*labels.Matcher
	filed    pair // Zero = in the rest.
}

type muteIndex struct {
	byPair map[pair][]*target
	rest   []*target
}

func newMuteIndex() muteIndex { return muteIndex{byPair: map[pair][]*target{}} }

func (x *muteIndex) add(s *suppression) {
	for _, t := range s.targets {
		t.filed = pair{}
		best := -1
		for _, m := range t.matchers {
			if m.Type != labels.MatchEqual || m.Value == "" {
				continue
			}
			name := m.Name
			if name == labels.MetricName {
				name = "monitor"
			}
			p := pair{name, m.Value}
			if n := len(x.byPair[p]); best < 0 || n < best {
				best, t.filed = n, p
			}
		}
		if best < 0 {
			x.rest = append(x.rest, t)
		} else {
			x.byPair[t.filed] = append(x.byPair[t.filed], t)
		}
	}
}

func (x *muteIndex) remove(s *suppression) {
	mine := func(t *target) bool { return t.owner == s }
	for _, t := range s.targets {
		if t.filed == (pair{}) {
			continue
		}
		if left := slices.DeleteFunc(x.byPair[t.filed], mine); len(left) > 0 {
			x.byPair[t.filed] = left
		} else {
			delete(x.byPair, t.filed)
		}
	}
	x.rest = slices.DeleteFunc(x.rest, mine)
}

// find returns the ids of the suppressions that mute the thing, sorted.
func (x *muteIndex) find(monitor string, ls labels.Labels) []string {
	var ids []string
	try := func(ts []*target) {
		for _, t := range ts {
			if matchesAll(t.matchers, monitor, ls) && !slices.Contains(ids, t.owner.ID) {
				ids = append(ids, t.owner.ID)
			}
		}
	}
	if len(x.byPair) > 0 {
		try(x.byPair[pair{"monitor", monitor}])
		ls.Range(func(l labels.Label) {
			if l.Name != "monitor" { // The word means the monitor here, see labelOf.
				try(x.byPair[pair{l.Name, l.Value}])
			}
		})
	}
	try(x.rest)
	slices.Sort(ids)
	return ids
}
