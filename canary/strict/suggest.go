package strict

import (
	"strconv"
	"strings"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// What was meant, from what was written.

// Suggest names the known word nearest to what was written, if one is near.
func Suggest(got string, known []string) string {
	name := spelling.Nearest(got, known)
	if name == "" {
		return "; known fields are " + strings.Join(known, ", ")
	}
	return "; did you mean \"" + name + "\"?"
}

// Clip quotes and shortens text quoted in an error.
func Clip(s string) string {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return strconv.Quote(s)
}
