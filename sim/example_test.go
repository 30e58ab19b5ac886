package sim_test

import (
	"fmt"

	"github.com/bellwether-ts/bellwether/sim"
)

// A week of a company, sample by sample, and what really happened in it.
func Example() {
	c := sim.New(sim.Options{Seed: 1, Start: 1_767_571_200_000, Scenario: sim.BadCanary()})
	samples := 0
	for range c.Steps() {
		_, values, _ := c.Next()
		samples += len(values)
	}
	for _, in := range c.Truth().Incidents {
		fmt.Println(in.Kind, in.Culprit.Entity, in.Culprit.Version, (c.Now()-in.Start)/60_000, "minutes ago")
		for _, o := range in.Spread {
			fmt.Println("  reaches", o.Entity, "after", (o.At-in.Start)/1000, "s")
		}
	}
	// Output:
	// canary checkout v2 25 minutes ago
	//   reaches checkout after 0 s
	// pool orders-db  23 minutes ago
	//   reaches orders-db after 0 s
	//   reaches orders after 40 s
	//   reaches checkout after 80 s
	//   reaches shipping after 80 s
	//   reaches gateway after 120 s
}
