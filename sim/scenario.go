package sim

import "errors"

// Scenario is what happens to a company beyond its routine.
type Scenario struct {
	Name    string
	History int64 // Milliseconds of history before "now"; default 7 days.
}

// ParseScenario reads a scenario file (see scenario/README.md), or returns
// every error with its line.
func ParseScenario(text []byte) (Scenario, error) { return Scenario{}, errors.New("not built yet") }

// BadCanary is the default scenario: scenario/bad-canary.txt.
func BadCanary() Scenario { return Scenario{} }

// Calm is a week in which nothing goes wrong: scenario/calm.txt.
func Calm() Scenario { return Scenario{} }

// Pool is a database pool that saturates without a deploy: scenario/pool.txt.
func Pool() Scenario { return Scenario{} }
