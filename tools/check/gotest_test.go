package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stream = `
{"Action":"run","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestA"}
{"Action":"run","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestA/x"}
{"Action":"pass","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestA/x"}
{"Action":"pass","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestA"}
{"Action":"run","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestB"}
{"Action":"output","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestB","Output":"    b_test.go:9: want 1\n"}
{"Action":"fail","Package":"github.com/bellwether-ts/bellwether/slo","Test":"TestB"}
{"Action":"output","Package":"github.com/bellwether-ts/bellwether/slo","Output":"FAIL\n"}
{"Action":"fail","Package":"github.com/bellwether-ts/bellwether/slo"}
{"Action":"run","Package":"github.com/bellwether-ts/bellwether/tsdb","Test":"TestReal"}
{"Action":"output","Package":"github.com/bellwether-ts/bellwether/tsdb","Test":"TestReal","Output":"=== RUN   TestReal\n"}
{"Action":"output","Package":"github.com/bellwether-ts/bellwether/tsdb","Test":"TestReal","Output":"    real_test.go:12: no prometheus: install it\n"}
{"Action":"skip","Package":"github.com/bellwether-ts/bellwether/tsdb","Test":"TestReal"}
{"Action":"pass","Package":"github.com/bellwether-ts/bellwether/tsdb"}
{"Action":"build-output","ImportPath":"x/y","Output":"y.go:1:1: expected package\n"}
{"Action":"build-fail","ImportPath":"x/y"}
{"Action":"output","Package":"x/y","Output":"FAIL x/y [build failed]\n"}
{"Action":"fail","Package":"x/y"}
{"Action":"skip","Package":"x/without_tests"}
`

func TestReadEvents(t *testing.T) {
	got := readEvents(strings.NewReader(stream))
	want := result{
		passed:  1,
		failed:  2,
		note:    "1 passed, 2 failed in 2 packages",
		skipped: []string{"./tsdb TestReal: no prometheus: install it"},
		output: "--- github.com/bellwether-ts/bellwether/slo TestB\n    b_test.go:9: want 1\n" +
			"--- x/y (build)\ny.go:1:1: expected package\n" +
			"--- x/y\nFAIL x/y [build failed]\n",
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(result{})); d != "" {
		t.Error(d)
	}
}

func TestChoose(t *testing.T) {
	all := []step{{name: "a"}, {name: "b", part: true}, {name: "c"}}
	names := func(s []step) string {
		var n []string
		for _, x := range s {
			n = append(n, x.name)
		}
		return strings.Join(n, " ")
	}
	f := func(want string, args ...string) {
		t.Helper()
		got, err := choose(all, args)
		if err != nil || names(got) != want {
			t.Errorf("choose(%v) = %q, %v; want %q", args, names(got), err, want)
		}
	}
	f("a c")
	f("a b", "b", "a")
	if _, err := choose(all, []string{"d"}); err == nil {
		t.Error("an unknown step is no error")
	}
}
