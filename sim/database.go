package sim

// A database and its connection pool. When the pool saturates, the wait for a
// connection rises first: it is what leads everything downstream.

import "math"

// database is one of the three.
type database struct {
	c      *Company
	cast   databaseCast
	index  int
	drift  drift
	stream uint64
	first  int
	waited float64
	waits  float64
	asked  float64
}

// The order of a database's series.
const (
	dbInUse = iota
	dbMax
	dbWait
	dbWaitTotal
	dbWaitCount
	dbQueries
	dbCPU
	dbDiskRead
	dbLag
)

func (c *Company) newDatabase(i int) *database {
	d := &database{c: c, cast: databases[i], index: i, drift: c.newDrift(.03, .9), stream: c.newStream(), first: len(c.series)}
	c.stream += 8
	add := func(kind Kind, name string) { c.add(kind, "", name, "database", d.cast.name) }
	add(Gauge, "db_pool_in_use")
	c.add(Gauge, "a limit: it never moves", "db_pool_max", "database", d.cast.name)
	add(Gauge, "db_pool_wait_seconds")
	add(Counter, "db_pool_wait_seconds_total")
	add(Counter, "db_pool_waits_total")
	add(Counter, "db_queries_total")
	add(Gauge, "db_cpu_ratio")
	add(Gauge, "db_disk_read_bytes_per_second")
	add(Gauge, "db_replication_lag_seconds")
	return d
}

// live lets the database live through one step.
func (d *database) live(k uint64, t int64, load float64) {
	c, since := d.c, t-d.c.o.Start
	x, wait := 0.0, 0.0
	for i := range c.pools {
		if p := &c.pools[i]; p.database == d.index {
			v := p.intensity(c.noise, since)
			x += v
			wait += p.Wait * v
		}
	}
	n := func(i uint64) float64 { return c.noise.normal(d.stream+i, k) }
	busy := d.cast.busy * load * math.Exp(d.drift.at(c.noise, k))
	inUse := math.Min(d.cast.pool, math.Round(busy+x*d.cast.pool+.8*n(0)))
	wait += .002 * math.Max(.2, 1+.15*n(1))
	queries := c.noise.poisson(d.stream+2, k, d.cast.query*load*(1+.15*math.Min(1, x))*c.dt)
	waiting := c.noise.binomial(d.stream+3, k, queries, math.Min(1, .01+.6*x))
	d.asked += queries
	d.waits += waiting
	d.waited += waiting * wait

	v := c.values[d.first:]
	v[dbInUse] = math.Max(0, inUse)
	v[dbMax] = d.cast.pool
	v[dbWait] = round(wait)
	v[dbWaitTotal] = round(d.waited)
	v[dbWaitCount] = d.waits
	v[dbQueries] = d.asked
	v[dbCPU] = round(math.Min(1, .12+.3*load+.04*math.Min(1, x)+.01*n(4)))
	v[dbDiskRead] = math.Round(4e6 * (.4 + load) * math.Max(.2, 1+.08*n(5)))
	v[dbLag] = round(math.Abs(.05 + .02*n(6)))
}
