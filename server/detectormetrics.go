package server

import "github.com/bellwether-ts/bellwether/server/pipeline"

// detectorMetrics says how users' detectors do, so that one that stops is seen
// by whatever watches Bellwether.
func detectorMetrics(gauge gaugeFunc, p *pipeline.Pipeline) {
	list, dropped := p.Detectors()
	gauge(float64(dropped), `bellwether_detector_dropped_samples_total`)
	for _, s := range list {
		name, c := s.Detector.Name(), s.Counts
		gauge(float64(s.Series), `bellwether_detector_series{detector=%q}`, name)
		gauge(float64(s.Stopped), `bellwether_detector_stopped_series{detector=%q}`, name)
		gauge(truth(s.Disabled != ""), `bellwether_detector_disabled{detector=%q}`, name)
		gauge(float64(c.Cost), `bellwether_detector_cost_total{detector=%q}`, name)
		for what, n := range map[string]uint64{"judged": c.Judged, "undecided": c.Undecided, "failed": c.Failed, "refused": c.LeftOut} {
			gauge(float64(n), `bellwether_detector_samples_total{detector=%q,outcome=%q}`, name, what)
		}
	}
}
