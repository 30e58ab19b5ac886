package strict

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestObjectNamesEveryFault(t *testing.T) {
	var r Reader
	f := r.Object("policy", []byte(`{"false_fial":0.1,"zzz":1,"looks":3}`), "false_fail", "false_pass", "looks")
	if f["looks"] == nil {
		t.Fatal("a known field was lost beside unknown ones")
	}
	r.Object("gate", []byte(`null`), "objective")
	err := r.Err()
	if r.Failures() != 3 || err == nil {
		t.Fatalf("%d faults, want 3: %v", r.Failures(), err)
	}
	for _, want := range []string{`unknown field "false_fial"; did you mean "false_fail"?`, `unknown field "zzz"; known fields are false_fail, false_pass, looks`, "cannot read gate: it is null"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var r Reader
	for range 10 * maxErrors {
		r.Failf("cannot read it")
	}
	if r.Failures() != maxErrors {
		t.Errorf("%d faults kept, want %d", r.Failures(), maxErrors)
	}
}

func TestNumbers(t *testing.T) {
	v, err := Numbers([]byte(` [1, "NaN", null, -2.5e3, "Infinity"] `), "x")
	if err != nil || len(v) != 5 || v[0] != 1 || !math.IsNaN(v[1]) || !math.IsNaN(v[2]) || v[3] != -2500 || !math.IsInf(v[4], 1) {
		t.Fatalf("read %v, %v", v, err)
	}
	for _, bad := range []string{`{}`, `[1,]`, `["a"]`, `[1 2]`, `[0x10`, `[[1]]`} {
		if v, err := Numbers([]byte(bad), "x"); err == nil {
			t.Errorf("%s was read as %v", bad, v)
		} else if !strings.HasPrefix(err.Error(), "cannot read x") {
			t.Errorf("%s: the error does not say what: %v", bad, err)
		}
	}
}

// FuzzNumbers holds the reader to encoding/json: what that reads as plain
// numbers reads the same here.
func FuzzNumbers(f *testing.F) {
	f.Add([]byte(`[1,2.5,-3e-7]`))
	f.Add([]byte(`["NaN",null]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Numbers(data, "x")
		var want []float64
		if json.Unmarshal(data, &want) != nil || strings.Contains(string(data), "null") {
			return
		}
		if err != nil || len(v) != len(want) {
			t.Fatalf("%s: %v, %v, want %v", data, v, err, want)
		}
		for i := range v {
			if v[i] != want[i] {
				t.Fatalf("%s: %v at %d, want %v", data, v[i], i, want[i])
			}
		}
	})
}
