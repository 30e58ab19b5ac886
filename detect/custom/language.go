package custom

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// The language is the part of CEL that is needed to compute with numbers.
//
//	types       number (always floating point: 2 is 2.0), text, bool, list of one of these
//	operators   + - * / (text: +), < <= > >= == !=, && || !, a ? b : c, in, list[i]
//	walks       list.map(x, f), .filter(x, p), .all(x, p), .exists(x, p), .exists_one(x, p)
//	text        a.contains(b), a.startsWith(b), a.endsWith(b), a.matches("constant"), text(number)
//	functions   functions.go
//
// What makes the bounds hold: no list of lists and no sum of lists, so a list
// has at most as many elements as steps were paid for; a text cannot grow
// beyond maxText; a pattern is constant and compiled once; there are no maps
// but the labels, which are walked in order.

var standard = &env.LibrarySubset{
	IncludeFunctions: []*env.Function{
		whole(operators.Conditional), whole(operators.LogicalAnd), whole(operators.LogicalOr), whole(operators.LogicalNot),
		whole(operators.NotStrictlyFalse), whole(operators.Equals), whole(operators.NotEquals),
		only(operators.Subtract, overloads.SubtractDouble), only(operators.Multiply, overloads.MultiplyDouble),
		only(operators.Divide, overloads.DivideDouble), only(operators.Negate, overloads.NegateDouble),
		only(operators.Less, overloads.LessDouble, overloads.LessString),
		only(operators.LessEquals, overloads.LessEqualsDouble, overloads.LessEqualsString),
		only(operators.Greater, overloads.GreaterDouble, overloads.GreaterString),
		only(operators.GreaterEquals, overloads.GreaterEqualsDouble, overloads.GreaterEqualsString),
		only(operators.In, overloads.InList, overloads.InMap),
		whole(overloads.Contains), whole(overloads.StartsWith), whole(overloads.EndsWith), whole(overloads.Matches),
	},
}

func whole(name string) *env.Function { return &env.Function{Name: name} }

func only(name string, ids ...string) *env.Function {
	f := &env.Function{Name: name}
	for _, id := range ids {
		f.Overloads = append(f.Overloads, &env.Overload{ID: id})
	}
	return f
}

var (
	listOfNumbers = cel.ListType(cel.DoubleType)
	labelMap      = cel.MapType(cel.StringType, cel.StringType)
	anyElement    = cel.TypeParamType("A")
)

// inputs are the names every expression knows.
var inputs = []struct {
	name string
	typ  *cel.Type
}{
	{"value", cel.DoubleType},    // The sample; of a counter its rate per second.
	{"t", cel.DoubleType},        // Its time, Unix seconds.
	{"step", cel.DoubleType},     // Usual distance between samples in seconds; 0 before the second.
	{"n", cel.DoubleType},        // Samples so far, this one included.
	{"bar", cel.DoubleType},      // The evidence at which an anomaly opens.
	{"anomalous", cel.BoolType},  // An anomaly is open.
	{"labels", labelMap},         // Of the series.
	{"window", listOfNumbers},    // The last values, oldest first, this one included.
	{"expected", cel.DoubleType}, // What the expression of that name gave; only where it may be used.
	{"evidence", cel.DoubleType}, // What was found; only in the reason.
}

// newEnv returns the language with the names of one detector.
func newEnv(names map[string]*cel.Type) (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(standard)),
		cel.Function(operators.Add,
			cel.Overload(overloads.AddDouble, []*cel.Type{cel.DoubleType, cel.DoubleType}, cel.DoubleType),
			cel.Overload(overloads.AddString, []*cel.Type{cel.StringType, cel.StringType}, cel.StringType),
			cel.Overload(overloads.AddList, []*cel.Type{cel.ListType(anyElement), cel.ListType(anyElement)}, cel.ListType(anyElement)), // For map and filter.
			cel.SingletonBinaryBinding(add, traits.AdderType)),
		cel.Function(operators.Index,
			cel.Overload("index_list_number", []*cel.Type{cel.ListType(anyElement), cel.DoubleType}, anyElement),
			cel.Overload(overloads.IndexMap, []*cel.Type{labelMap, cel.StringType}, cel.StringType),
			cel.SingletonBinaryBinding(index, traits.IndexerType)),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxDepth),
		cel.ExpressionNodeLimit(maxNodes), cel.RegexProgramSizeLimit(1000),
		cel.EnableHiddenAccumulatorName(true), cel.HomogeneousAggregateLiterals(),
	}
	opts = append(opts, functionOptions()...)
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		opts = append(opts, cel.Variable(name, names[name]))
	}
	return cel.NewCustomEnv(opts...)
}

// add is + of numbers and texts, and of lists where map and filter build them.
func add(a, b ref.Val) ref.Val {
	if x, ok := a.(types.String); ok {
		y, ok := b.(types.String)
		if ok && len(x)+len(y) > maxText {
			return types.WrapErr(&LimitError{"text of", uint64(len(x) + len(y)), maxText, "bytes", "build shorter texts"})
		}
	}
	return a.(traits.Adder).Add(b)
}

func index(a, i ref.Val) ref.Val { return a.(traits.Indexer).Get(i) }

// numbersOnly turns every whole number of a parsed expression, also those that
// macros put there, into a number of the one kind there is.
func numbersOnly(a *ast.AST) {
	fac := ast.NewExprFactory()
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.LiteralKind {
			return
		}
		if i, ok := e.AsLiteral().(types.Int); ok {
			e.SetKindCase(fac.NewLiteral(e.ID(), types.Double(i)))
		}
	}))
}

// refuse returns what of a checked expression is not in the language though
// CEL has it, with the node to blame; empty if nothing.
func refuse(a *ast.AST) (id int64, why string) {
	blame := func(e ast.Expr, text string) {
		if why == "" {
			id, why = e.ID(), text
		}
	}
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch t := a.GetType(e.ID()); {
		case t.Kind() == types.ListKind && len(t.Parameters()) == 1 && t.Parameters()[0].Kind() == types.ListKind:
			blame(e, "a list of lists; a list holds numbers, texts or bools")
		case e.Kind() == ast.MapKind:
			blame(e, "a map; only labels are one")
		case e.Kind() == ast.StructKind:
			blame(e, "a structure; values are numbers, texts, bools and lists")
		case e.Kind() == ast.LiteralKind && !isOurs(e.AsLiteral()):
			blame(e, "a literal of this kind; values are numbers, texts, bools and lists")
		case e.Kind() == ast.CallKind:
			refuseCall(a, e, blame)
		}
	}))
	return id, why
}

func isOurs(v ref.Val) bool {
	switch v.(type) {
	case types.Double, types.String, types.Bool:
		return true
	}
	return false
}

func refuseCall(a *ast.AST, e ast.Expr, blame func(ast.Expr, string)) {
	c := e.AsCall()
	switch c.FunctionName() {
	case operators.Add:
		first := c.Args()[0]
		built := first.Kind() == ast.IdentKind && strings.HasPrefix(first.AsIdent(), "@") // By a macro.
		if a.GetType(e.ID()).Kind() == types.ListKind && !built {
			blame(e, "a sum of lists; keep them apart, or declare a longer window")
		}
	case overloads.Matches:
		args := c.Args()
		if last := args[len(args)-1]; last.Kind() != ast.LiteralKind {
			blame(e, "a pattern that is computed; write it as a constant")
		}
	}
}

// declaredFunctions names every function a user may call, for suggestions.
func declaredFunctions() []string {
	out := []string{"contains", "startsWith", "endsWith", "matches", "map", "filter", "all", "exists", "exists_one", "has"}
	for _, f := range functions {
		out = append(out, f.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
