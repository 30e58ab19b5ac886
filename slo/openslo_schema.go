package slo

// The kinds of OpenSLO v1 (github.com/OpenSLO/OpenSLO, README of v1), as far as
// they exist: every field of the specification is here, so that an unknown field
// is a mistake and not an omission of ours.

import "go.yaml.in/yaml/v3"

type document struct {
	APIVersion string    `yaml:"apiVersion"`
	Kind       string    `yaml:"kind"`
	Metadata   metadata  `yaml:"metadata"`
	Spec       yaml.Node `yaml:"spec"`
}

type metadata struct {
	Name        string         `yaml:"name"`
	DisplayName string         `yaml:"displayName"`
	Labels      map[string]any `yaml:"labels"`
	Annotations map[string]any `yaml:"annotations"`
}

type sloSpec struct {
	Description     string          `yaml:"description"`
	Service         string          `yaml:"service"`
	Indicator       *indicatorDoc   `yaml:"indicator"`
	IndicatorRef    string          `yaml:"indicatorRef"`
	TimeWindow      []timeWindowDoc `yaml:"timeWindow"`
	BudgetingMethod string          `yaml:"budgetingMethod"`
	Objectives      []objectiveDoc  `yaml:"objectives"`
	AlertPolicies   []policyEntry   `yaml:"alertPolicies"`
}

type indicatorDoc struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       sliSpec  `yaml:"spec"`
}

type sliSpec struct {
	Description     string       `yaml:"description"`
	ThresholdMetric *metricDoc   `yaml:"thresholdMetric"`
	RatioMetric     *ratioMetric `yaml:"ratioMetric"`
}

type metricDoc struct {
	MetricSource metricSource `yaml:"metricSource"`
}

type metricSource struct {
	MetricSourceRef string         `yaml:"metricSourceRef"`
	Type            string         `yaml:"type"`
	Spec            map[string]any `yaml:"spec"`
}

type ratioMetric struct {
	Counter bool       `yaml:"counter"`
	Good    *metricDoc `yaml:"good"`
	Bad     *metricDoc `yaml:"bad"`
	Total   *metricDoc `yaml:"total"`
	RawType string     `yaml:"rawType"`
	Raw     *metricDoc `yaml:"raw"`
}

type timeWindowDoc struct {
	Duration  string       `yaml:"duration"`
	IsRolling bool         `yaml:"isRolling"`
	Calendar  *calendarDoc `yaml:"calendar"`
}

type calendarDoc struct {
	StartTime string `yaml:"startTime"`
	TimeZone  string `yaml:"timeZone"`
}

type objectiveDoc struct {
	DisplayName     string        `yaml:"displayName"`
	Op              string        `yaml:"op"`
	Value           *float64      `yaml:"value"`
	Target          *float64      `yaml:"target"`
	TargetPercent   *float64      `yaml:"targetPercent"`
	TimeSliceTarget *float64      `yaml:"timeSliceTarget"`
	TimeSliceWindow string        `yaml:"timeSliceWindow"`
	Indicator       *indicatorDoc `yaml:"indicator"`
	IndicatorRef    string        `yaml:"indicatorRef"`
	CompositeWeight *float64      `yaml:"compositeWeight"`
}

// policyEntry is an alert policy inside an SLO: a reference or the whole.
type policyEntry struct {
	AlertPolicyRef string     `yaml:"alertPolicyRef"`
	APIVersion     string     `yaml:"apiVersion"`
	Kind           string     `yaml:"kind"`
	Metadata       metadata   `yaml:"metadata"`
	Spec           policySpec `yaml:"spec"`
}

type policySpec struct {
	Description         string           `yaml:"description"`
	AlertWhenNoData     *bool            `yaml:"alertWhenNoData"`
	AlertWhenResolved   *bool            `yaml:"alertWhenResolved"`
	AlertWhenBreaching  *bool            `yaml:"alertWhenBreaching"`
	Conditions          []conditionEntry `yaml:"conditions"`
	NotificationTargets []targetEntry    `yaml:"notificationTargets"`
}

// conditionEntry is an alert condition inside a policy: a reference or the whole.
type conditionEntry struct {
	ConditionRef string        `yaml:"conditionRef"`
	APIVersion   string        `yaml:"apiVersion"`
	Kind         string        `yaml:"kind"`
	Metadata     metadata      `yaml:"metadata"`
	Spec         conditionSpec `yaml:"spec"`
}

type conditionSpec struct {
	Description string       `yaml:"description"`
	Severity    string       `yaml:"severity"`
	Condition   conditionDoc `yaml:"condition"`
}

type conditionDoc struct {
	Kind           string   `yaml:"kind"`
	Op             string   `yaml:"op"`
	Threshold      *float64 `yaml:"threshold"`
	LookbackWindow string   `yaml:"lookbackWindow"`
	AlertAfter     string   `yaml:"alertAfter"`
}

type targetEntry struct {
	TargetRef  string     `yaml:"targetRef"`
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Metadata   metadata   `yaml:"metadata"`
	Spec       targetSpec `yaml:"spec"`
}

type targetSpec struct {
	Description string `yaml:"description"`
	Target      string `yaml:"target"`
}

type serviceSpec struct {
	Description string `yaml:"description"`
}

type dataSourceSpec struct {
	Description       string         `yaml:"description"`
	Type              string         `yaml:"type"`
	ConnectionDetails map[string]any `yaml:"connectionDetails"`
}
