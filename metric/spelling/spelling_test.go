package spelling

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"false_fail", "false_pass", "looks", "look", "groupWeights"}
	for word, want := range map[string]string{
		"false_fial":   "false_fail",
		"flase_pass":   "false_pass",
		"loks":         "looks",
		"GroupWeigths": "groupWeights",
		"group":        "groupWeights", // It begins so.
		"loo":          "looks",        // The first of equals.
		"fooks":        "looks",
		"zzz":          "",
		"":             "",
		"completely":   "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// Oracles: the distances given by Wagner & Fischer's and Levenshtein's examples.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"saturday", "sunday", 3}, {"", "abc", 3}, {"abc", "", 3}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
