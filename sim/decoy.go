package sim

// Hosts, and everything that moves for reasons of its own: batch jobs, cron
// spikes, random walks, counters that start again, and series that never move.
// An analysis that blames one of these has been fooled.

import (
	"fmt"
	"math"
)

// newHosts adds the machines. They follow the load, so they are no decoys, but
// no incident touches them.
func (c *Company) newHosts() {
	for i, host := range hosts {
		stream := c.newStream()
		c.stream += 8
		slow := c.newDrift(.03, .95)
		add := func(kind Kind, name string) int { return c.add(kind, "", name, "host", host) }
		cpu, load1 := add(Gauge, "node_cpu_busy_ratio"), add(Gauge, "node_load1")
		mem, disk := add(Gauge, "node_memory_available_bytes"), add(Gauge, "node_disk_used_ratio")
		rx, tx := add(Counter, "node_network_receive_bytes_total"), add(Counter, "node_network_transmit_bytes_total")
		var in, out float64
		share := 1 + .08*float64(i)
		c.routines = append(c.routines, func(k uint64, t int64) {
			n := func(j uint64) float64 { return c.noise.normal(stream+j, k) }
			load := rhythm(t) * share * math.Exp(slow.at(c.noise, k))
			in += math.Round(c.dt * 3e6 * load * math.Max(.2, 1+.05*n(0)))
			out += math.Round(c.dt * 5e6 * load * math.Max(.2, 1+.05*n(1)))
			c.values[cpu] = round(math.Min(1, .08+.45*load+.015*n(2)))
			c.values[load1] = round(math.Max(0, .3+3.2*load+.2*n(3)))
			c.values[mem] = math.Round((9 + .06*n(4) - 2*load) * (1 << 30))
			c.values[disk] = round(math.Min(1, .41+.02*float64(i)+.002*float64(t-c.o.Start)/float64(day)))
			c.values[rx], c.values[tx] = in, out
		})
	}
}

// newDecoys adds everything that is not to blame.
func (c *Company) newDecoys() {
	for _, job := range []struct {
		name         string
		every, lasts int64
		at           int64
	}{{"nightly-report", day, 40 * minute, 2 * hour}, {"reindex", 6 * hour, 25 * minute, 30 * minute}, {"billing-export", day, 15 * minute, 5 * hour}, {"log-rotate", hour, 2 * minute, 0}} {
		c.batch(job.name, job.every, job.lasts, job.at)
	}
	for i, every := range []int64{5 * minute, 15 * minute, hour, hour, 4 * hour, day} {
		c.cron(fmt.Sprintf("cron-%d", i+1), every)
	}
	for i := range 4 {
		c.flat(fmt.Sprintf("shard-%d", i+1), float64(int(16)<<i))
	}
	for i := range 4 {
		c.worker(fmt.Sprintf("worker-%d", i+1), int64(i+1)*37*hour)
	}
	for _, topic := range []string{"audit", "clicks", "emails", "exports", "images", "metrics", "search-index", "thumbnails", "tracking", "webhooks"} {
		c.walk("kafka_consumer_lag", "topic", topic, 400, 40, true)
	}
	for _, room := range []string{"a1", "a2", "b1", "b2"} {
		c.walk("datacentre_temperature_celsius", "room", room, 22, .05, false)
	}
	for i, partner := range []string{"bank", "cards", "maps", "parcel", "sms", "tax"} {
		c.partner(partner, .08+.05*float64(i))
		c.expiry(partner, 20+11*i)
	}
}

// batch is a job that runs on a timetable and does nothing in between.
func (c *Company) batch(name string, every, lasts, at int64) {
	const why = "a batch job on its own timetable"
	stream := c.newStream()
	running, rows, took := c.add(Gauge, why, "batch_running", "job", name), c.add(Counter, why, "batch_rows_total", "job", name), c.add(Gauge, why, "batch_last_duration_seconds", "job", name)
	done, last := 0.0, float64(lasts)/1000
	c.routines = append(c.routines, func(k uint64, t int64) {
		on := 0.0
		if phase := (t - at + every) % every; phase < lasts {
			on = 1
			done += math.Round(c.dt * 400 * math.Max(.1, 1+.2*c.noise.normal(stream, k)))
		} else if phase < lasts+c.o.Step {
			last = math.Round(float64(lasts) / 1000 * (1 + .05*c.noise.normal(stream, k)))
		}
		c.values[running], c.values[rows], c.values[took] = on, done, last
	})
}

// cron is a short spike of CPU on a timetable.
func (c *Company) cron(name string, every int64) {
	stream := c.newStream()
	cpu := c.add(Gauge, "a cron job's spike, on the clock", "cron_cpu_ratio", "job", name)
	c.routines = append(c.routines, func(k uint64, t int64) {
		x := .01 + .002*math.Abs(c.noise.normal(stream, k))
		if t%every < max(minute, every/60) {
			x += .6 + .1*c.noise.normal(stream, k)
		}
		c.values[cpu] = round(x)
	})
}

// flat never moves.
func (c *Company) flat(name string, x float64) {
	i := c.add(Gauge, "a constant: it never moves", "config_shard_weight", "shard", name)
	c.routines = append(c.routines, func(uint64, int64) { c.values[i] = x })
}

// worker is a counter whose process is replaced every so often.
func (c *Company) worker(name string, every int64) {
	stream := c.newStream()
	i := c.add(Counter, "a counter that starts again with its process", "worker_jobs_total", "worker", name)
	for at := every; at <= c.o.Scenario.History; at += every {
		c.series[i].Resets = append(c.series[i].Resets, c.o.Start+at)
	}
	done, generation := 0.0, int64(0)
	c.routines = append(c.routines, func(k uint64, t int64) {
		if g := (t - c.o.Start) / every; g != generation {
			done, generation = 0, g
		}
		done += c.noise.poisson(stream, k, 2*c.dt)
		c.values[i] = done
	})
}

// walk wanders without any reason, pulled back gently.
func (c *Company) walk(metric, label, name string, home, stride float64, counted bool) {
	stream := c.newStream()
	i := c.add(Gauge, "a random walk", metric, label, name)
	x := home
	keep := math.Pow(.999, c.dt/30)
	stride *= math.Sqrt(c.dt / 30)
	c.routines = append(c.routines, func(k uint64, t int64) {
		x = home + (x-home)*keep + stride*c.noise.normal(stream, k)
		if counted {
			x = math.Max(0, x)
			c.values[i] = math.Round(x)
			return
		}
		c.values[i] = round(x)
	})
}

// partner is a third party's latency: noise with rare, short bursts.
func (c *Company) partner(name string, median float64) {
	stream := c.newStream()
	c.stream++
	i := c.add(Gauge, "a third party with bursts of its own", "partner_latency_seconds", "partner", name)
	c.routines = append(c.routines, func(k uint64, t int64) {
		x := median * math.Exp(.15*c.noise.normal(stream, k))
		if c.noise.uniform(stream+1, uint64(t/(3*minute))) < .002 {
			x *= 4
		}
		c.values[i] = round(x)
	})
}

// expiry runs down a second per second.
func (c *Company) expiry(name string, days int) {
	i := c.add(Gauge, "a count-down", "certificate_expiry_seconds", "partner", name)
	c.routines = append(c.routines, func(_ uint64, t int64) {
		c.values[i] = float64(int64(days+30)*day-(t-c.o.Start)) / 1000
	})
}
