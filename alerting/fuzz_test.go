package alerting

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzEvent: any JSON that reads as an event is refused with reasons or goes
// all the way, and the state it leaves can be stored and restored.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"monitor":"m","status":"UNHEALTHY","priority":"HIGH","labels":{"service":"a"},"message":"${alert.service} ${context.x}","context":{"x":"y"},"valid_until":99,"since":1,"observed_at":2}`))
	f.Add([]byte(`{"monitor":"m","status":"HEALTHY","labels":{},"filters":[{"type":"flap","params":{"switches":"3"}},{"type":"min-age","params":{"duration":"1m"}}]}`))
	f.Add([]byte(`{"monitor":"m","status":"UNHEALTHY","labels":null,"evidence":{"value":"NaN","sparkline":[1,null,"+Inf"]},"grouping":{"keys":["${alert.monitor}","service"],"window_ms":5}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Event
		if json.Unmarshal(b, &e) != nil {
			return
		}
		c := mustNew(t, Config{})
		for i := range int64(4) {
			in := e
			if i == 2 {
				in.Status = Healthy
			}
			c.Apply(Input{At: 1000 + i*Minute, Event: &in})
			checkInvariants(t, c)
		}
		before := c.Snapshot()
		again, err := Restore(before)
		if err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		if after := again.Snapshot(); string(after) != string(before) {
			t.Fatalf("restored differently:\n%s\n%s", before, after)
		}
	})
}

// FuzzRestore: arbitrary bytes are refused or give a core that works.
func FuzzRestore(f *testing.F) {
	c := mustNew(f, Config{})
	c.Apply(Input{At: 1000, Event: &Event{Monitor: "m", Status: Unhealthy, Priority: High}})
	c.Apply(Input{At: 1000, Suppress: &Suppression{ID: "s", End: 9000, Targets: []string{`a="b"`}}})
	f.Add(c.Snapshot())
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Restore(b)
		if err != nil {
			return
		}
		if n := len(c.alerts) + len(c.supps); n > 1000 {
			return
		}
		c.Apply(Input{At: 2000, Event: &Event{Monitor: "m", Status: Healthy}})
	})
}

// FuzzTemplate: no text panics, and one without "${" stands for itself.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "${alert.id}", "$${alert.id}", "${", "${context.x}${alert.y}", "$$${", "a}b"} {
		f.Add(s)
	}
	e := Event{ID: "1", Monitor: "m", Context: map[string]string{"x": "${alert.id}"}}
	f.Fuzz(func(t *testing.T, s string) {
		out, unknown, err := expand(s, e.lookup)
		if err != nil {
			return
		}
		if !strings.Contains(s, "${") && (out != s || len(unknown) > 0) {
			t.Fatalf("%q became %q", s, out)
		}
		if lit, _, err := expand(escapeTemplate(s), e.lookup); err == nil && !strings.Contains(s, "$$") && !strings.HasSuffix(s, "$") && lit != s {
			t.Fatalf("escaped %q became %q", s, lit)
		}
	})
}
