package canary

import "fmt"

// NamedOptions are the settings of the named judges; zero values take the
// default stated at each.
type NamedOptions struct {
	Tolerance               float64 // mann-whitney: share of the estimate the interval must clear; 0.25.
	ConfidenceLevel         float64 // mann-whitney: two-sided level; 0.98.
	MaxPercentile           float64 // mad: percentile of the baseline shards' robust z a canary shard may reach; 95.
	ToleranceFactor         float64 // dbscan: neighbourhood radius in robust sd of the baseline shards; 3.
	MinSimilarShardsPercent float64 // hdbscan: share of baseline shards a canary shard must cluster with; 50.
}

// Judges lists the names JudgeNamed accepts.
func Judges() []string { return []string{"native", "mann-whitney", "mad", "dbscan", "hdbscan"} }

// JudgeNamed judges a canary by the judge of that name.
func JudgeNamed(name string, req Request) (Verdict, error) {
	if name == "native" {
		return Judge(req), nil
	}
	return Verdict{}, fmt.Errorf("cannot use judge %q: not built yet", name)
}
