package sim

// The cast: who is in the company, who calls whom, and what a quiet day looks
// like. Rates are requests per second at the weekly peak.

// serviceCast is one service.
type serviceCast struct {
	name     string
	rate     float64 // Requests per second at peak, over all pods.
	median   float64 // Seconds.
	errors   float64 // Share of 5xx on a quiet day.
	calls    []string
	database string // The database it uses; empty for none.
	pods     int
}

var services = []serviceCast{
	{"gateway", 90, .060, .0002, []string{"cart", "catalog", "checkout", "recommend", "search", "users"}, "", 2},
	{"checkout", 14, .100, .0003, []string{"cart", "orders", "payment"}, "", 3},
	{"cart", 30, .030, .0002, []string{"inventory"}, "users-db", 2},
	{"payment", 9, .180, .0004, []string{"users"}, "", 2},
	{"catalog", 60, .025, .0001, []string{"inventory"}, "catalog-db", 2},
	{"search", 25, .080, .0003, []string{"catalog"}, "", 2},
	{"orders", 16, .045, .0002, []string{"email", "inventory"}, "orders-db", 2},
	{"inventory", 34, .020, .0001, nil, "catalog-db", 2},
	{"shipping", 6, .070, .0002, []string{"orders"}, "", 2},
	{"recommend", 28, .050, .0003, []string{"catalog"}, "", 2},
	{"users", 35, .018, .0001, nil, "users-db", 2},
	{"email", 5, .150, .0005, nil, "", 2},
}

// databaseCast is one database and its connection pool.
type databaseCast struct {
	name  string
	pool  float64 // Connections at most.
	busy  float64 // Connections in use at peak.
	query float64 // Queries per second at peak.
}

var databases = []databaseCast{
	{"orders-db", 40, 14, 90},
	{"users-db", 60, 20, 160},
	{"catalog-db", 80, 30, 260},
}

var hosts = []string{"node-a", "node-b", "node-c", "node-d", "node-e"}

// buckets are the classic histogram's upper bounds in seconds, below +Inf.
var buckets = []float64{.025, .05, .1, .25, .5, 1, 2.5}

// bucketNames are the bounds as their le label says them.
var bucketNames = []string{"0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"}

// latencySpread is the sigma of the lognormal latency.
const latencySpread = .5

func serviceIndex(name string) int {
	for i, s := range services {
		if s.name == name {
			return i
		}
	}
	return -1
}

func databaseIndex(name string) int {
	for i, d := range databases {
		if d.name == name {
			return i
		}
	}
	return -1
}

// hopsFrom returns how many calls lie between a database and each service that
// waits for it, directly or through others: 1 for its users, 2 for their
// callers; 0 for services it cannot hurt.
func hopsFrom(database string) []int {
	hops := make([]int, len(services))
	var front []string
	for i, s := range services {
		if s.database == database {
			hops[i] = 1
			front = append(front, s.name)
		}
	}
	for depth := 2; len(front) > 0; depth++ {
		var next []string
		for i, s := range services {
			if hops[i] > 0 {
				continue
			}
			for _, callee := range s.calls {
				if contains(front, callee) {
					hops[i] = depth
					next = append(next, s.name)
					break
				}
			}
		}
		front = next
	}
	return hops
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
