package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// Config is the whole file. The zero file is valid: Default() says what it
// means.
type Config struct {
	Storage   Storage   `yaml:"storage,omitempty"`
	Limits    Limits    `yaml:"limits,omitempty"`
	Source    Source    `yaml:"source,omitempty"`
	Detect    Detect    `yaml:"detect,omitempty"`
	Correlate Correlate `yaml:"correlate,omitempty"`
	SLO       SLO       `yaml:"slo,omitempty"`
	Canary    Canary    `yaml:"canary,omitempty"`
	Alerting  Alerting  `yaml:"alerting,omitempty"`

	// ScrapeConfigs is Prometheus's own section, kept as text and read by the
	// scraper, so that a section copied from prometheus.yml works unchanged.
	ScrapeConfigs yaml.Node `yaml:"scrape_configs,omitempty"`
}

// Storage sets how much history the embedded store keeps.
type Storage struct {
	Retention        Duration `yaml:"retention,omitempty"`           // How long samples are kept. Default 15d.
	OutOfOrderWindow Duration `yaml:"out_of_order_window,omitempty"` // How late a sample may come. Default 10m.
}

// Limits bound what senders can make us hold. Everything over a limit is
// refused, counted by reason and told to the sender.
type Limits struct {
	MaxSeries      int      `yaml:"max_series,omitempty"`       // Series in the store. Default 1,000,000.
	MaxWatched     int      `yaml:"max_watched,omitempty"`      // Series with detector state. Default 250,000.
	MaxLabels      int      `yaml:"max_labels,omitempty"`       // Labels on one series. Default 64.
	MaxLabelLength int      `yaml:"max_label_length,omitempty"` // Bytes of one label value. Default 2048.
	MaxBodyBytes   int64    `yaml:"max_body_bytes,omitempty"`   // One remote-write body or gRPC message. Default 32 MiB.
	BlockMetrics   []string `yaml:"block_metrics,omitempty"`    // Metric names refused at the door.
}

// Source pulls from a running Prometheus-compatible server.
type Source struct {
	URL      string   `yaml:"url,omitempty"`      // Base URL, e.g. http://prometheus:9090. Empty: no pulling.
	Match    []string `yaml:"match,omitempty"`    // Selectors of the series to pull. Default: everything, up to limits.max_watched.
	Backfill Duration `yaml:"backfill,omitempty"` // History read at the first start. Default 24h.
	Interval Duration `yaml:"interval,omitempty"` // Time between polls. Default 15s.

	BearerTokenFile string `yaml:"bearer_token_file,omitempty"` // Sent as Authorization: Bearer.
	Username        string `yaml:"username,omitempty"`          // Basic auth.
	PasswordFile    string `yaml:"password_file,omitempty"`     // Basic auth.
	CAFile          string `yaml:"ca_file,omitempty"`           // Trusted instead of the system's.
	TenantID        string `yaml:"tenant_id,omitempty"`         // Sent as X-Scope-OrgID.
}

// Detect sets the false-alarm budget and which series are watched.
type Detect struct {
	Profile string   `yaml:"profile,omitempty"` // default or skyline. Default: default.
	Budget  float64  `yaml:"budget,omitempty"`  // False alarms per 1000 series-days, > 0. Default 10.
	Shape   bool     `yaml:"shape,omitempty"`   // Look for unusual forms too, at 42 KB and 0.5 to 12 us a sample more. Default: false.
	Match   []string `yaml:"match,omitempty"`   // Selectors of watched series. Default: all.
	Ignore  []string `yaml:"ignore,omitempty"`  // Selectors never watched. Default: our own bellwether_ series.
	Page    []string `yaml:"page,omitempty"`    // Selectors whose anomalies are HIGH. Default: none, anomalies are causes and LOW.

	Detectors []string `yaml:"detectors,omitempty"` // Files of your own detectors; globs allowed. Default: none.
}

// Correlate sets the rings that shape search reads.
type Correlate struct {
	Step    Duration `yaml:"step,omitempty"`     // Distance of points in the ring. Default 30s.
	Slots   int      `yaml:"slots,omitempty"`    // Points in the ring, 32 to 4096. Default 240.
	ByLabel string   `yaml:"by_label,omitempty"` // Label that names the entity to blame. Default: service.
}

// SLO names the files that hold objectives.
type SLO struct {
	Files []string `yaml:"files,omitempty"` // OpenSLO v1 YAML files; globs allowed.
}

// Canary bounds the runs.
type Canary struct {
	MaxRuns   int     `yaml:"max_runs,omitempty"`   // Runs at the same time. Default 10000.
	FalseFail float64 `yaml:"false_fail,omitempty"` // Default chance to fail a healthy canary. Default 0.01.
	FalsePass float64 `yaml:"false_pass,omitempty"` // Default chance to pass a bad one. Default 0.05.
}

// Alerting sets the way of an event.
type Alerting struct {
	Receivers   []Receiver  `yaml:"receivers,omitempty"`   // Default: one log receiver.
	Routes      []Route     `yaml:"routes,omitempty"`      // First match wins. Default: everything to the first receiver.
	Grouping    Grouping    `yaml:"grouping,omitempty"`    // With which events an event belongs.
	MinAge      MinAge      `yaml:"min_age,omitempty"`     // How long unhealthy before anyone hears.
	Suppression Suppression `yaml:"suppression,omitempty"` // What a suppression may do.
}

// Receiver is one place notifications go.
type Receiver struct {
	Name string `yaml:"name"`           // Unique. Required.
	Type string `yaml:"type,omitempty"` // webhook or log. Default: webhook if url is set, else log.
	URL  string `yaml:"url,omitempty"`  // Where a webhook posts.

	BearerTokenFile string   `yaml:"bearer_token_file,omitempty"` // Sent as Authorization: Bearer.
	CAFile          string   `yaml:"ca_file,omitempty"`           // Trusted instead of the system's.
	Timeout         Duration `yaml:"timeout,omitempty"`           // For one attempt. Default 10s.
}

// Route sends matching groups to a receiver.
type Route struct {
	Match    string `yaml:"match,omitempty"` // Selector over labels plus source, monitor, priority. Empty: all.
	Receiver string `yaml:"receiver"`        // Name of a receiver. Required.
}

// Grouping sets the default keys; an event may bring its own.
type Grouping struct {
	Keys       []string `yaml:"keys,omitempty"`        // Label names, or templates such as ${context.team}. Default: service, region.
	Window     Duration `yaml:"window,omitempty"`      // A group takes members this long after its last activity. Default 30m.
	CloseAfter Duration `yaml:"close_after,omitempty"` // Healthy this long before a group closes. Default 5m.
}

// MinAge holds events back.
type MinAge struct {
	High Duration `yaml:"high,omitempty"` // Default 0s.
	Low  Duration `yaml:"low,omitempty"`  // Default 2m.
}

// Suppression bounds what one may mute.
type Suppression struct {
	MaxDuration Duration `yaml:"max_duration,omitempty"` // Default 7d.
	MaxShare    float64  `yaml:"max_share,omitempty"`    // Share of known monitors one may mute without confirmation. Default 0.1.
	MaxServices int      `yaml:"max_services,omitempty"` // Services one may mute without confirmation. Default 5.
}

// maxFileBytes bounds the file, so that a wrong path cannot fill memory.
const maxFileBytes = 4 << 20

// Load reads and checks a file. An empty path gives the defaults. The error is
// an Errors value that lists every problem.
func Load(path string) (Config, error) {
	if path == "" {
		return Default(), nil
	}
	f, err := os.Open(path)
	var data []byte
	if err == nil {
		defer f.Close()
		data, err = io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	}
	if err != nil {
		return Config{}, fmt.Errorf("cannot read configuration %q: %w; give --config.file a readable file, or leave it out", path, err)
	}
	return Parse(path, data)
}

// Parse checks the text of a file; name is used in errors only.
func Parse(name string, data []byte) (Config, error) {
	c := Default()
	c.Alerting.Receivers, c.Alerting.Routes = nil, nil // The default of one depends on the other in the file.
	if len(data) > maxFileBytes {
		return Config{}, fmt.Errorf("cannot read configuration %q: it is longer than %d bytes; is it the right file?", name, maxFileBytes)
	}
	problems := &Errors{Name: name, lines: bytes.Split(data, []byte("\n"))}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(&c)
	if err != nil && !errors.Is(err, io.EOF) {
		problems.addYAML(err)
		if !errors.As(err, new(*yaml.TypeError)) {
			return Config{}, problems // Not YAML: there is nothing more to check.
		}
	} else if another := new(yaml.Node); err == nil && dec.Decode(another) == nil {
		problems.add(another.Line, "a second document begins here; the file is one document, only the first would be read")
	}
	var root yaml.Node
	_ = yaml.Unmarshal(data, &root) // Decoded above; only lines are wanted here.
	c.fillDefaults()
	c.validate(problems, &root)
	if len(problems.List) > 0 {
		return Config{}, problems
	}
	return c, nil
}

// String writes the file back as YAML, defaults included.
func (c Config) String() string {
	out, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Sprintf("# cannot print configuration: %v\n", err)
	}
	return string(out)
}
