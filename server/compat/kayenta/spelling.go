package kayenta

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/metric/spelling"
)

// A misspelt field that is ignored judges something else than was meant, so
// where Kayenta ignores one the trace says so, and where the result would be
// wrong without a sign of it (kayenta#538, lookBackMins) it is refused.

// unknownOf lists the keys of m that are not known.
func unknownOf(m map[string]json.RawMessage, known []string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if slices.Contains(known, k) {
			continue
		}
		out = append(out, fmt.Sprintf("unknown field %.60q%s", k, nearest(k, known)))
	}
	return out
}

// nearest suggests the known word closest to one.
func nearest(word string, known []string) string {
	best := spelling.Nearest(word, known)
	if best == "" {
		return "; known are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
