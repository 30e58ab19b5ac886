package custom

import (
	"testing"

	"cel.dev/cel-go/cel"
)

var listElement = cel.DoubleType

// fuzzEnv is the language with the names every expression has.
func fuzzEnv(t testing.TB) *cel.Env {
	t.Helper()
	names := map[string]*cel.Type{}
	for _, in := range inputs {
		names[in.name] = in.typ
	}
	e, err := newEnv(names)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
