package measure

import (
	"math"
	"testing"
)

// The cases of F1 and covering worked by hand from the definitions.
func TestSegmentation(t *testing.T) {
	f := func(marks [][]int, found []int, n int, f1, covering float64) {
		t.Helper()
		if got := SegmentF1(marks, found); math.Abs(got-f1) > 1e-12 {
			t.Errorf("F1 of %v for %v is %v, want %v", found, marks, got, f1)
		}
		if got := Covering(marks, found, n); math.Abs(got-covering) > 1e-12 {
			t.Errorf("covering of %v for %v is %v, want %v", found, marks, got, covering)
		}
	}
	f([][]int{{}}, nil, 10, 1, 1)
	f([][]int{{50}}, []int{50}, 100, 1, 1)
	f([][]int{{50}}, []int{55}, 100, 1, 0.5*50/55+0.5*45/50)
	// Nobody within the margin: precision 1/2, recall 1/2.
	f([][]int{{50}}, []int{56}, 100, 0.5, 0.5*50/56+0.5*44/50)
	// One change for two marks: precision 2/2, recall 2/3.
	f([][]int{{50, 54}}, []int{52}, 100, 0.8, 0.5*50/52+0.04*2.0/50+0.46*46/48)
	// Two people, one of whom sees nothing: precision 2/2, recall (1 + 1)/2.
	f([][]int{{50}, {}}, []int{50}, 100, 1, 0.75)
	// Nothing found: precision 1/1, recall (1/2 + 1)/2.
	f([][]int{{50}, {}}, nil, 100, 2*0.75/1.75, 0.75)
	// The example of the authors' code: {0 1 2} {3 4 5} covered by {0 1 2} {3 4} {5}.
	f([][]int{{3}}, []int{3, 5}, 6, 0.8, (3+3*2.0/3)/6)
}
