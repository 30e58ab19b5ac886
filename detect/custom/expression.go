package custom

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// expression is a compiled expression.
type expression struct {
	name   string // Of the field it stands in: "evidence", "state.still".
	source string
	line   int
	prog   cel.Program
	least  uint64 // Cost by the compiler's estimate.
	most   uint64
}

// compile reads one expression that has to give a want.
func compile(e *cel.Env, x text, name string, want *cel.Type, window int, known []string) (*expression, []Problem) {
	fail := func(format string, args ...any) (*expression, []Problem) {
		return nil, []Problem{{x.line, name + ": " + fmt.Sprintf(format, args...)}}
	}
	parsed, iss := e.Parse(x.s)
	if iss.Err() != nil {
		return nil, translate(iss, x, name, known)
	}
	numbersOnly(parsed.NativeRep())
	checked, iss := e.Check(parsed)
	if iss.Err() != nil {
		return nil, translate(iss, x, name, known)
	}
	if id, why := refuse(checked.NativeRep()); why != "" {
		at := checked.NativeRep().SourceInfo().GetStartLocation(id)
		return nil, []Problem{{x.lineOf(at.Line()), name + ": the language has no such thing: " + why}}
	}
	if got := checked.OutputType(); !got.IsExactType(want) {
		return fail("gives a %s, want a %s", typeName(got), typeName(want))
	}
	estimate, err := e.EstimateCost(checked, sizes{window}, costOptions()...)
	if err != nil {
		return fail("cannot estimate its cost: %v", err)
	}
	if estimate.Min > maxCost {
		err := &LimitError{"cost of at least", estimate.Min, maxCost, "per sample", "use a shorter window, or walk it once"}
		return fail("%v", err)
	}
	prog, err := e.Program(checked, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostLimit(maxCost), cel.CostTracking(nil), cel.CostTrackerOptions(trackerOptions()...))
	if err != nil {
		return fail("%v", err)
	}
	return &expression{name, x.s, x.line, prog, estimate.Min, estimate.Max}, nil
}

// eval computes the expression and adds what it cost.
func (x *expression) eval(in *activation, spent *uint64) (ref.Val, error) {
	out, details, err := x.prog.Eval(in)
	if c := details.ActualCost(); c != nil {
		*spent += *c
	}
	var cancelled interpreter.EvalCancelledError
	switch limit := (*LimitError)(nil); {
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded, err == nil && *spent > maxCost:
		return nil, &LimitError{"cost", *spent, maxCost, "per sample", "use a shorter window, or walk it once"}
	case errors.As(err, &limit):
		return nil, limit
	case err != nil:
		return nil, fmt.Errorf("%s: %w", x.name, err)
	}
	return out, nil
}

// costOptions tell the compiler, and trackerOptions the evaluation, what our
// functions cost.
func costOptions() []cost.CostOption {
	var out []cost.CostOption
	for _, f := range functions {
		out = append(out, cost.OverloadCostEstimate(f.id(), func(est cost.Estimator, _ *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
			n := cost.SizeEstimate{Max: 64}
			if len(args) > 0 {
				n = cost.EstimateSize(est, args[0])
			}
			out := &cost.CallEstimate{CostEstimate: cost.CostEstimate{Min: 1 + f.work*n.Min, Max: cost.SafeAdd(1, cost.SafeMultiply(f.work, n.Max))}}
			if f.out == 's' {
				out.ResultSize = &cost.SizeEstimate{Min: 1, Max: 16} // A number in four digits.
			}
			return out
		}))
	}
	return out
}

func trackerOptions() []cost.TrackerOption {
	var out []cost.TrackerOption
	for _, f := range functions {
		out = append(out, cost.OverloadTracker(f.id(), func(args []ref.Val, _ ref.Val) *uint64 {
			c := uint64(1)
			if l, ok := args[0].(traits.Lister); ok && f.work > 0 {
				n, _ := l.Size().(types.Int)
				c += f.work * uint64(n)
			}
			return &c
		}))
	}
	return out
}

// sizes tells the compiler how large inputs can be.
type sizes struct{ window int }

// EstimateSize implements cost.Estimator.
func (s sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	path := n.Path()
	if len(path) == 0 {
		return nil
	}
	switch {
	case path[0] == "window" && len(path) == 1:
		return &cost.SizeEstimate{Min: 1, Max: uint64(s.window)}
	case path[0] == "labels" && len(path) == 1:
		return &cost.SizeEstimate{Max: 64}
	case path[0] == "labels":
		return &cost.SizeEstimate{Max: 2048}
	case strings.HasPrefix(path[0], "state.") && n.Type().Kind() == types.ListKind:
		return &cost.SizeEstimate{Max: maxState / 8}
	}
	return &cost.SizeEstimate{Max: maxState}
}

// EstimateCallCost implements cost.Estimator.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// translate says the compiler's complaints in the words of the file.
func translate(iss *cel.Issues, x text, name string, known []string) []Problem {
	var out []Problem
	for _, e := range iss.Errors() {
		p := Problem{x.lineOf(e.Location.Line()), name + ": " + plain(e.Message, known)}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
		if len(out) == 5 {
			break
		}
	}
	return out
}

// plain is one complaint with types and operators by their names here, and a
// guess at the name that was meant.
func plain(message string, known []string) string {
	if word, ok := quotedAfter(message, "undeclared reference to "); ok {
		return unknown(word, known)
	}
	if strings.Contains(message, "'<EOF>'") {
		return "the expression ends too early; something is missing at its end"
	}
	if op, ok := quotedAfter(message, "found no matching overload for "); ok {
		types, _ := quotedAfter(message, "applied to ")
		switch sign, isOp := operators.FindReverse(op); {
		case op == operators.Index:
			op = "[ ]"
		case op == operators.Conditional:
			op = "? :"
		case isOp && sign != "":
			op = sign
		}
		return fmt.Sprintf("cannot use %s on %s", op, typeWords.Replace(types))
	}
	return typeWords.Replace(strings.TrimPrefix(message, "Syntax error: "))
}

// unknown says that a name is not known, and which was meant.
func unknown(word string, known []string) string {
	switch word {
	case "window":
		return "window is not declared; say how many values it holds, such as window: 60"
	case "evidence":
		return "evidence is known in the reason only"
	case "expected":
		return "expected is known in the reason only, and where there is an expression of that name"
	case "state":
		var declared []string
		for _, k := range known {
			if strings.HasPrefix(k, "state.") {
				declared = append(declared, k)
			}
		}
		if len(declared) == 0 {
			return "nothing is remembered; declare it: state: {NAME: {initial: VALUE, next: 'EXPRESSION'}}"
		}
		return "no such value is remembered; known here: " + strings.Join(declared, ", ")
	}
	return fmt.Sprintf("unknown name %q; %s", word, suggestion(word, known))
}

func quotedAfter(s, prefix string) (string, bool) {
	_, rest, ok := strings.Cut(s, prefix+"'")
	if !ok {
		return "", false
	}
	word, _, ok := strings.Cut(rest, "'")
	return word, ok
}

var typeWords = strings.NewReplacer("double", "number", "string", "text", "list(A)", "list")

func typeName(t *cel.Type) string { return typeWords.Replace(t.String()) }

// worth renders a cost estimate.
func worth(n uint64) string {
	if n == math.MaxUint64 {
		return "unbounded"
	}
	return grouped(n)
}
