package sim

// What can happen to a company beyond its routine, and the three scenarios that
// come with the program.

import _ "embed"

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Scenario is what happens to a company beyond its routine. Instants are
// milliseconds from the beginning of the history, durations milliseconds.
type Scenario struct {
	Name     string
	Text     string // What it is about, in a sentence.
	History  int64  // History before "now"; default 7 days.
	Deploys  []DeployLine
	Canaries []CanaryFault
	Pools    []PoolFault
	Surges   []Surge
}

// DeployLine is `deploy SERVICE at= version= [track=]`.
type DeployLine struct {
	Service string
	At      int64
	Version string
	Track   string // stable, or canary: two new pods, canary and baseline, with a tenth of the traffic each.
}

// CanaryFault is `canary SERVICE at= [for=] [ramp=] errors= latency=`: what is
// wrong with the canary pods of a service.
type CanaryFault struct {
	Service string
	At, For int64 // For 0: no end.
	Ramp    int64
	Errors  float64 // Share of requests that fail in addition, in [0,1].
	Latency float64 // Factor on the latency, >= 1.
}

// PoolFault is `pool DATABASE at= [for=] [ramp=] wait= [lag= errors= latency= fade=]`:
// a connection pool saturates, and its users and their callers suffer in order.
type PoolFault struct {
	Database string
	At, For  int64
	Ramp     int64
	Wait     float64 // Seconds a query waits for a connection at full strength.
	Lag      int64   // From one hop of the call graph to the next.
	Errors   float64 // Share of requests that fail at the first hop.
	Latency  float64 // Factor on latency at the first hop.
	Fade     float64 // What is left of both from hop to hop, in (0,1].
}

// Surge is `surge SERVICE at= for= factor=`: harmless extra traffic, a decoy.
type Surge struct {
	Service string
	At, For int64
	Factor  float64 // On the request rate.
}

//go:embed scenario/bad-canary.txt
var badCanaryText []byte

//go:embed scenario/calm.txt
var calmText []byte

//go:embed scenario/pool.txt
var poolText []byte

// must reads a scenario that is part of the program; a test reads them all.
func must(text []byte) Scenario {
	s, err := ParseScenario(text)
	if err != nil {
		return Scenario{Name: "broken: " + err.Error(), History: 7 * day}
	}
	return s
}

// BadCanary is the default scenario: scenario/bad-canary.txt.
func BadCanary() Scenario { return must(badCanaryText) }

// Calm is a week in which nothing goes wrong: scenario/calm.txt.
func Calm() Scenario { return must(calmText) }

// Pool is a database pool that saturates without a deploy: scenario/pool.txt.
func Pool() Scenario { return must(poolText) }
