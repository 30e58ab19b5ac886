package kayenta

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary/strict"
)

// The PromQL of a metric for one scope, as Kayenta's Prometheus store writes it:
// avg(name{filters}) by (fields), or a template used whole.

// PromQuery is the query of a metric whose serviceType is prometheus.
type PromQuery struct {
	Type                 string   `json:"type,omitempty"`
	ServiceType          string   `json:"serviceType,omitempty"`
	MetricName           string   `json:"metricName,omitempty"`
	LabelBindings        []string `json:"labelBindings,omitempty"`
	GroupByFields        []string `json:"groupByFields,omitempty"`
	ResourceType         string   `json:"resourceType,omitempty"`
	CustomInlineTemplate string   `json:"customInlineTemplate,omitempty"`
	CustomFilterTemplate string   `json:"customFilterTemplate,omitempty"`
	CustomFilter         string   `json:"customFilter,omitempty"` // Deprecated there, refused.
}

// Scope says which resources of which place one side is.
type Scope struct {
	Scope    string            // A server group, a version, a track.
	Location string            // A region or namespace.
	Params   map[string]string // extendedScopeParams; project and resourceType have a meaning.
}

// ScopeLabel is the label that holds the scope for resource type
// gce_instance where the account names none.
const ScopeLabel = "instance"

// maxTemplate bounds a template and what it expands to.
const maxTemplate = 64 << 10

// PromQL writes the query of metric m for a scope. Label is the account's scope
// label; ScopeLabel when empty.
func (c Config) PromQL(m Metric, s Scope, label string) (string, error) {
	q, err := m.promQuery()
	if err != nil {
		return "", err
	}
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("cannot write the query of metric %q: %w", m.Name, err)
	}
	template, err := c.template(q)
	if err != nil {
		return fail(err)
	}
	filter, err := expandTemplate(template, s.bindings(q))
	if err != nil {
		return fail(err)
	}
	if whole, ok := strings.CutPrefix(filter, promQLPrefix); ok {
		return whole, nil
	}
	if q.MetricName == "" {
		return fail(errors.New("query.metricName is missing; name one, or write the whole query as customInlineTemplate \"PromQL:...\""))
	}
	var filters []string
	if filter != "" {
		filters = append(strings.Split(filter, ","), q.LabelBindings...)
	} else if filters, err = resourceFilters(q, s, label); err != nil {
		return fail(err)
	}
	text := q.MetricName
	if len(filters) > 0 {
		text += "{" + strings.Join(filters, ",") + "}"
	}
	text = "avg(" + text + ")"
	if len(q.GroupByFields) > 0 {
		text += " by (" + strings.Join(q.GroupByFields, ",") + ")"
	}
	return text, nil
}

// promQLPrefix marks a template that is the whole query.
const promQLPrefix = "PromQL:"

func (m Metric) promQuery() (PromQuery, error) {
	var q PromQuery
	if len(m.Query) == 0 {
		return q, fmt.Errorf("cannot write the query of metric %q: it has none; give query.metricName", m.Name)
	}
	if err := json.Unmarshal(m.Query, &q); err != nil {
		return q, fmt.Errorf("cannot read the query of metric %q: %w", m.Name, err)
	}
	for _, kind := range []string{q.ServiceType, q.Type} {
		if kind != "" && kind != "prometheus" {
			return q, fmt.Errorf("cannot write the query of metric %q: it asks a metric store of type %q, and only prometheus is served here", m.Name, kind)
		}
	}
	return q, nil
}

// template is the filter template of a query, empty if it has none.
func (c Config) template(q PromQuery) (string, error) {
	switch {
	case q.CustomFilter != "":
		return "", errors.New("query.customFilter is no longer read by Kayenta either; move it to query.customInlineTemplate")
	case q.CustomInlineTemplate != "":
		return UnescapeTemplate(q.CustomInlineTemplate), nil
	case q.CustomFilterTemplate == "":
		return "", nil
	}
	t, ok := c.Templates[q.CustomFilterTemplate]
	if !ok {
		return "", fmt.Errorf("query.customFilterTemplate %q names no template of the config%s", q.CustomFilterTemplate, strict.Suggest(q.CustomFilterTemplate, slices.Sorted(maps.Keys(c.Templates))))
	}
	return UnescapeTemplate(t), nil
}

// bindings are the variables a template may use. An unset one is absent, so
// that its use is an error and not an empty filter.
func (s Scope) bindings(q PromQuery) map[string]string {
	out := map[string]string{}
	set := func(k, v string) {
		if v != "" {
			out[k] = v
		}
	}
	set("scope", s.Scope)
	set("location", s.Location)
	set("project", s.Params["project"])
	set("resourceType", s.Params["resourceType"])
	set("resourceType", q.ResourceType)
	set("metricName", q.MetricName)
	for k, v := range s.Params {
		out[k] = v
	}
	return out
}

// resourceFilters are the matchers of the two resource types Kayenta knows.
func resourceFilters(q PromQuery, s Scope, label string) ([]string, error) {
	kind := q.ResourceType
	if strings.TrimSpace(kind) == "" {
		kind = s.Params["resourceType"]
	}
	if label == "" {
		label = ScopeLabel
	}
	out := append([]string{}, q.LabelBindings...)
	switch kind {
	case "gce_instance", "aws_ec2_instance":
		if s.Location == "" {
			return nil, fmt.Errorf("a scope of resourceType %s needs a location, such as a region", kind)
		}
	case "":
		return nil, errors.New("neither a resourceType nor a custom template says which series belong to a scope; give customInlineTemplate, such as app=\"${scope}\"")
	default:
		return nil, fmt.Errorf("resourceType %q is not known, only gce_instance and aws_ec2_instance; give a customInlineTemplate instead", kind)
	}
	if kind == "aws_ec2_instance" {
		if s.Scope != "" {
			out = append(out, "asg_groupName=\""+s.Scope+"\"")
		}
		return append(out, "zone=~\""+s.Location+".{1}\""), nil
	}
	if s.Scope != "" {
		out = append(out, label+"=~\""+s.Scope+"-.{4}\"")
	}
	zone := ".+/"
	if p := s.Params["project"]; p != "" {
		zone += "projects/" + p + "/"
	}
	return append(out, "zone=~\""+zone+"zones/"+s.Location+"-.{1}\""), nil
}

var variable = regexp.MustCompile(`\$\{([^{}]*)\}`)

// expandTemplate puts values where ${name} stands; ${name:-other} gives another
// where there is none. An unknown name is an error.
func expandTemplate(template string, vars map[string]string) (string, error) {
	var missing []string
	out := variable.ReplaceAllStringFunc(template, func(ref string) string {
		name, other, hasOther := strings.Cut(ref[2:len(ref)-1], ":-")
		v, ok := vars[name]
		switch {
		case ok:
			return v
		case hasOther:
			return other
		}
		missing = append(missing, name)
		return ref
	})
	if missing != nil {
		return "", fmt.Errorf("template %s uses ${%s}, which the scope does not set; known are %s", strict.Clip(template), missing[0], strings.Join(slices.Sorted(maps.Keys(vars)), ", "))
	}
	if len(out) > maxTemplate {
		return "", fmt.Errorf("template %s expands to %d bytes, the limit is %d", strict.Clip(template), len(out), maxTemplate)
	}
	return out, nil
}

// EscapeTemplate writes ${x} as $\{x}, as Kayenta keeps templates from
// the pipeline engine that would expand them too early.
func EscapeTemplate(s string) string { return strings.ReplaceAll(s, "${", "$\\{") }

// UnescapeTemplate undoes EscapeTemplate.
func UnescapeTemplate(s string) string { return strings.ReplaceAll(s, "$\\{", "${") }
