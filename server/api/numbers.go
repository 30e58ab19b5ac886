package api

import (
	"maps"
	"math"
	"slices"
)

// The ends of time, for "everything".
const (
	minInt64 = math.MinInt64
	maxInt64 = math.MaxInt64
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
