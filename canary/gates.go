package canary

import (
	"fmt"
	"math"

	"github.com/bellwether-ts/bellwether/canary/words"
)

// Gates: objectives that must not burn while the canary runs. Equal sides do not
// help a service that is down on both, so a burning objective FAILs the canary
// before any metric is looked at, and one whose burn nobody knows forbids a PASS.

// judge is the verdict on one gate.
func (g Gate) judge() GateVerdict {
	v := GateVerdict{Gate: g}
	detail := ""
	if g.Detail != "" {
		detail = " (" + g.Detail + ")"
	}
	switch {
	case !(g.Limit > 0):
		v.Verdict = NoData
		v.Reason = fmt.Sprintf("objective %s cannot be a gate: its limit %v is not above 0", g.Objective, g.Limit)
	case math.IsNaN(g.Burn) || g.Burn < 0:
		v.Verdict = NoData
		v.Reason = fmt.Sprintf("nobody knows how fast the budget of objective %s burns%s: check that it is evaluated", g.Objective, detail)
	case g.Burn >= g.Limit:
		v.Verdict = Fail
		v.Reason = fmt.Sprintf("objective %s burns its budget at %s times the pace that spends it all%s, and %s fails a canary", g.Objective, words.Number(g.Burn), detail, words.Number(g.Limit))
	default:
		v.Verdict = Pass
		v.Reason = fmt.Sprintf("objective %s burns its budget at %s times the pace that spends it all%s, below %s", g.Objective, words.Number(g.Burn), detail, words.Number(g.Limit))
	}
	return v
}

// judgeGates judges all gates, in their order; nil for none.
func judgeGates(gates []Gate) []GateVerdict {
	var out []GateVerdict
	for _, g := range gates {
		out = append(out, g.judge())
	}
	return out
}
