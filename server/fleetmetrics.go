package server

import "github.com/bellwether-ts/bellwether/detect/fleet"

// fleetMetrics says what became of openings, and what is compared with peers.
func (w *whole) fleetMetrics(gauge gaugeFunc) {
	a := w.pipeline.Admission.Stats()
	gauge(float64(a.Held), `bellwether_anomalies_held_back`)
	for priority, c := range map[string]fleet.ClassCounts{"LOW": a.Low, "HIGH": a.High} {
		gauge(float64(c.Opened), `bellwether_anomalies_opened_total{priority=%q}`, priority)
		gauge(float64(c.Over), `bellwether_anomalies_never_told_total{priority=%q}`, priority)
		for d, n := range c.Admitted {
			if door := fleet.Door(d); door != fleet.DoorNone {
				gauge(float64(n), `bellwether_anomalies_admitted_total{priority=%q,door=%q}`, priority, door.String())
			}
		}
	}
	p := w.pipeline.PeerCounts()
	gauge(float64(p.Judged), `bellwether_peers_compared_series`)
	gauge(float64(p.TooFew), `bellwether_peers_too_few_series`)
	for reason, n := range p.Refused {
		gauge(float64(n), `bellwether_peers_refused_total{reason=%q}`, reason)
	}
	list, _ := w.pipeline.Reputations()
	standings := map[string]int{"good": 0, "dubious": 0, "bad": 0}
	for _, x := range list {
		standings[x.Standing.String()]++
	}
	for s, n := range standings {
		gauge(float64(n), `bellwether_entities{standing=%q}`, s)
	}
}
