package alerting

import "slices"

// checkInvariants recounts by the slow way what the core counts as it goes.
func checkInvariants(t interface {
	Helper()
	Fatalf(string, ...any)
}, c *Core) {
	t.Helper()
	open := 0
	for id, g := range c.groups {
		if g.Closed {
			if len(g.Members) > 0 || c.latest[g.Key] == g {
				t.Fatalf("closed group %s has members or is the latest of its key", id)
			}
			continue
		}
		open++
		var active, high, muted, told int
		for i, key := range g.Members {
			a := c.alerts[key]
			if a == nil {
				t.Fatalf("member %q of %s is unknown", key, id)
			}
			if g.index[key] != i {
				t.Fatalf("index of %q in %s is %d, want %d", key, id, g.index[key], i)
			}
			if a.Counts != Unhealthy || a.Group != id {
				continue
			}
			switch {
			case len(a.SuppressedBy) > 0:
				muted++
			default:
				active++
				if a.Event.Priority == High {
					high++
				}
			}
			if a.Told {
				told++
			}
		}
		if active != g.active || high != g.activeHigh || muted != g.muted || told != g.toldMembers {
			t.Fatalf("group %s counts active %d high %d muted %d told %d, has %d %d %d %d", id, g.active, g.activeHigh, g.muted, g.toldMembers, active, high, muted, told)
		}
		// Contract R: if all is healthy, nobody is owed a word.
		if active+muted == 0 && g.owed() {
			t.Fatalf("group %s is healthy and somebody was not told", id)
		}
		if active+muted == 0 && g.CloseDue == 0 {
			t.Fatalf("group %s is healthy and will never close", id)
		}
		// A HIGH member that is not muted is known, at once.
		if high > 0 && !g.ToldHigh {
			t.Fatalf("group %s has a HIGH member nobody was told of", id)
		}
		// A LOW one is known or will be.
		if active > 0 && !g.owed() && g.FlushDue == 0 {
			t.Fatalf("group %s is unhealthy, nobody knows and nobody will", id)
		}
	}
	if open != c.open {
		t.Fatalf("%d open groups, counted %d", open, c.open)
	}
	for key, a := range c.alerts {
		if a.PendingDue != 0 && (a.Status != Unhealthy || a.Counts != Healthy) {
			t.Fatalf("%q is pending with status %s counting %s", key, a.Status, a.Counts)
		}
		if a.Counts == Healthy && (len(a.SuppressedBy) > 0 || a.Told) {
			t.Fatalf("%q is healthy, muted by %v, told %v", key, a.SuppressedBy, a.Told)
		}
		if !a.Flapping && a.PendingDue == 0 && a.Status != a.Counts {
			t.Fatalf("%q is %s and counts %s, and nothing explains it", key, a.Status, a.Counts)
		}
		want := []string{}
		if a.Counts == Unhealthy {
			want = c.muting.find(a.Event.Monitor, a.Event.Labels)
		}
		if !slices.Equal(want, a.SuppressedBy) && len(want)+len(a.SuppressedBy) > 0 {
			t.Fatalf("%q is muted by %v, should be by %v", key, a.SuppressedBy, want)
		}
		if d := a.due(); d != 0 && (a.queued == 0 || a.queued > d) {
			t.Fatalf("%q is due at %d and queued at %d", key, d, a.queued)
		}
	}
	for id, s := range c.supps {
		if s.State != Active && len(s.holding) > 0 {
			t.Fatalf("suppression %s is %s and holds %d", id, s.State, len(s.holding))
		}
	}
}
