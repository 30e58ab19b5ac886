package server

import (
	"fmt"
	"net/http"

	"github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/common/expfmt"

	"github.com/bellwether-ts/bellwether/alerting"
)

// answerMetrics writes what Bellwether says about itself, and the metrics of
// the embedded Prometheus parts after it.
func (w *whole) answerMetrics(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	set := metrics.NewSet()
	gauge := func(v float64, format string, args ...any) {
		set.NewGauge(fmt.Sprintf(format, args...), func() float64 { return v })
	}
	w.ingestMetrics(gauge)
	w.analysisMetrics(gauge)
	w.alertMetrics(gauge)
	gauge(1, `bellwether_build_info{version=%q}`, w.o.Version)
	gauge(truth(w.ready.Load()), `bellwether_ready`)
	gauge(float64(w.panics.Load()), `bellwether_request_panics_total`)
	gauge(truth(w.reloaded.ok.Load()), `bellwether_config_last_reload_successful`)
	gauge(float64(w.reloaded.at.Load())/1000, `bellwether_config_last_reload_success_timestamp_seconds`)
	set.WritePrometheus(rw)
	metrics.WriteProcessMetrics(rw)
	families, err := w.registry.Gather()
	if err != nil {
		w.log.Warn("some metrics of the embedded store are missing", "err", err)
	}
	enc := expfmt.NewEncoder(rw, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if enc.Encode(f) != nil {
			return // The reader is gone.
		}
	}
}

type gaugeFunc = func(v float64, format string, args ...any)

func (w *whole) ingestMetrics(gauge gaugeFunc) {
	a := w.sink.Accounting()
	for hop, n := range map[string]uint64{
		"received": a.Received, "undecodable": a.Undecodable, "decoded": a.Decoded, "appended": a.Appended,
		"late": a.Late, "duplicate": a.Duplicate, "failed": a.Failed, "tapped": a.Tapped,
	} {
		gauge(float64(n), `bellwether_ingest_samples_total{hop=%q}`, hop)
	}
	for reason, n := range a.Refused {
		gauge(float64(n), `bellwether_ingest_refused_samples_total{reason=%q}`, string(reason))
	}
	gauge(float64(a.Overloaded), `bellwether_ingest_overloaded_requests_total`)
	s := w.store.Stats()
	gauge(float64(s.Series), `bellwether_store_series`)
	gauge(float64(s.BytesOnDisk), `bellwether_store_bytes`)
	if w.source != nil {
		st := w.source.Status()
		gauge(st.LagSeconds, `bellwether_source_lag_seconds`)
		gauge(float64(st.Series), `bellwether_source_series`)
		gauge(float64(st.SkippedSeries), `bellwether_source_skipped_series`)
		gauge(float64(st.Errors), `bellwether_source_errors_total`)
	}
}

func (w *whole) analysisMetrics(gauge gaugeFunc) {
	f := w.pipeline.Flow()
	for lane := range f.Done {
		gauge(float64(f.Done[lane]), `bellwether_analysed_samples_total{lane=%q}`, lane)
		gauge(float64(f.Dropped[lane]), `bellwether_analysis_dropped_samples_total{lane=%q}`, lane)
		gauge(float64(f.Queued[lane]), `bellwether_analysis_queued_batches{lane=%q}`, lane)
	}
	gauge(float64(f.LogFailures), `bellwether_alert_log_failures_total`)
	gauge(float64(f.Lost), `bellwether_alert_events_lost_total`)
	gauge(w.pipeline.Lag().Seconds(), `bellwether_analysis_lag_seconds`)
	c := w.pipeline.Coverage()
	gauge(float64(c.Watched), `bellwether_watched_series`)
	gauge(float64(c.WarmingUp), `bellwether_warming_up_series`)
	for reason, n := range c.NotWatched {
		gauge(float64(n), `bellwether_unwatched_series{reason=%q}`, reason)
	}
	forms, lost := w.pipeline.Distributions()
	gauge(float64(forms.Watched), `bellwether_watched_distributions`)
	gauge(float64(forms.WarmingUp), `bellwether_warming_up_distributions`)
	for reason, n := range forms.NotWatched {
		gauge(float64(n), `bellwether_unwatched_distributions{reason=%q}`, reason)
	}
	gauge(float64(lost.Late), `bellwether_distribution_lost_total{reason="late bucket"}`)
	gauge(float64(lost.Incomplete), `bellwether_distribution_lost_total{reason="incomplete tick"}`)
	gauge(float64(lost.Overflow), `bellwether_distribution_lost_total{reason="too much waiting"}`)
	gauge(float64(w.pipeline.Anomalies.Open()), `bellwether_anomalies_open`)
	if k := w.pipeline.KeptState(); k.At > 0 {
		gauge(float64(w.now().UnixMilli()-k.At)/1000, `bellwether_detector_checkpoint_age_seconds`)
		gauge(float64(k.Bytes), `bellwether_detector_checkpoint_bytes`)
		gauge(k.Took.Seconds(), `bellwether_detector_checkpoint_write_seconds`)
		gauge(float64(k.Failures), `bellwether_detector_checkpoint_failures_total`)
	}
	w.fleetMetrics(gauge)
	detectorMetrics(gauge, w.pipeline)
	r := w.pipeline.Canaries.Stats()
	gauge(float64(r.Running), `bellwether_canary_runs_running`)
	gauge(float64(r.Ended), `bellwether_canary_runs_ended`)
	gauge(float64(r.Looks), `bellwether_canary_looks_total`)
	gauge(float64(r.Reread), `bellwether_canary_looks_reread_total`)
	gauge(float64(r.KeptBytes), `bellwether_canary_kept_bytes`)
	gauge(float64(r.Lateness)/1000, `bellwether_canary_look_lateness_seconds`)
	gauge(float64(r.Forgotten), `bellwether_canary_runs_forgotten_total`)
	gauge(float64(len(r.SetAside)), `bellwether_canary_run_files_unreadable`)
}

func (w *whole) alertMetrics(gauge gaugeFunc) {
	var s alerting.Stats
	w.engine.View(func(c *alerting.Core) { s = c.Stats() })
	gauge(float64(s.Alerts), `bellwether_alert_things`)
	gauge(float64(s.Unhealthy), `bellwether_alert_unhealthy`)
	gauge(float64(s.OpenGroups), `bellwether_alert_open_groups`)
	gauge(float64(s.Suppressions), `bellwether_alert_suppressions`)
	gauge(float64(s.Outbox), `bellwether_alert_outbox`)
	gauge(float64(s.Notifications), `bellwether_alert_notifications_total`)
	for verdict, n := range s.Verdicts {
		gauge(float64(n), `bellwether_alert_decisions_total{verdict=%q}`, verdict)
	}
	for reason, n := range s.Refusals {
		gauge(float64(n), `bellwether_alert_refusals_total{reason=%q}`, reason)
	}
	for _, r := range w.delivery.status() {
		gauge(float64(r.Queued), `bellwether_receiver_queued{receiver=%q}`, r.Name)
		gauge(float64(r.Delivered), `bellwether_receiver_delivered_total{receiver=%q}`, r.Name)
		gauge(float64(len(r.Dead)), `bellwether_receiver_dead_letters{receiver=%q}`, r.Name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
