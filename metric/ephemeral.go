package metric

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// ephemeral names the labels that say which copy of a thing a series is of, and
// change when it is replaced: the same deployment has other pods tomorrow. What
// remains without them is what a series is of. Sorted.
//
// The names are those of Prometheus's Kubernetes, Nomad, ECS and Docker
// discovery as they are commonly relabelled, of cAdvisor and kube-state-metrics,
// and of OpenTelemetry's resource attributes as exporters write them.
var ephemeral = []string{
	"alloc_id", "container_id", "controller_revision_hash", "ec2_instance_id", "host_ip",
	"instance", "instance_id", "k8s_node_name", "k8s_pod_ip", "k8s_pod_name", "k8s_pod_uid",
	"kubernetes_pod_name", "node", "nodename", "pid", "pod", "pod_ip", "pod_name",
	"pod_template_hash", "pod_uid", "replica", "service_instance_id", "task_id", "uid",
}

// Ephemeral reports whether a label tells copies of one thing apart, such as
// instance or pod. Dots and dashes count as underscores.
func Ephemeral(name string) bool {
	if strings.ContainsAny(name, ".-") {
		name = strings.NewReplacer(".", "_", "-", "_").Replace(name)
	}
	_, found := slices.BinarySearch(ephemeral, name)
	return found
}

// Lasting returns the labels without the ephemeral ones, metric name included:
// copies of one thing, at one time or one after the other, have them in common.
func Lasting(ls labels.Labels) labels.Labels {
	var gone []string
	ls.Range(func(l labels.Label) {
		if Ephemeral(l.Name) {
			gone = append(gone, l.Name)
		}
	})
	if len(gone) == 0 {
		return ls
	}
	return labels.NewBuilder(ls).Del(gone...).Labels()
}
