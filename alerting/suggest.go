package alerting

// This file is did-you-mean: what to say about a name nobody knows.

import (
	"strings"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// suggest names the nearest of the known names, or lists some of them.
func suggest(name string, known []string) string {
	best := spelling.Nearest(name, known)
	switch {
	case best != "":
		return "did you mean " + best + "?"
	case len(known) == 0:
		return "there are none"
	case len(known) > 20:
		return "known are " + strings.Join(known[:20], ", ") + ", ..."
	}
	return "known are " + strings.Join(known, ", ")
}
