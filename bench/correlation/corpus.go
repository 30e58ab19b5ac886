package main

// Incidents with a known culprit, in the shape the ranker takes, from three
// public sets: Nezha, PetShop, DyCause.

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/bellwether-ts/bellwether/correlate"
	"github.com/bellwether-ts/bellwether/metric"
	"github.com/prometheus/prometheus/model/labels"
)

// incident is one labelled case.
type incident struct {
	system string
	name   string
	in     correlate.Incident
	truth  []string // Any of them counts.
	skip   string   // Entity left out of the ranking, as its paper does; empty: none.
	fault  string
	alarm  int64 // When the symptom was noticed, where the set says so.
}

func num(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// gridded resamples a column to the grid.
func gridded(ts []int64, v []float64, from, to, step int64) metric.Window {
	s := make([]metric.Sample, 0, len(ts))
	for i, t := range ts {
		s = append(s, metric.Sample{T: t, V: v[i]})
	}
	slices.SortStableFunc(s, func(a, b metric.Sample) int { return int(a.T - b.T) })
	return metric.Resample(s, from, to, step)
}

// column is one raw series of a day.
type column struct {
	ls labels.Labels
	ts []int64
	v  []float64
}

var podHash = regexp.MustCompile(`-[0-9a-f]{6,10}-[0-9a-z]{5}$`)

const minute = int64(60_000)

// nezha returns Online Boutique and Train Ticket faults. A window starts at
// the injection and lasts five minutes; the data are cut to two hours around
// it, and with clean set the windows of other faults are taken out, as the
// published figures do.
func nezha(dir string, clean bool) ([]incident, error) {
	files, err := readArchive(filepath.Join(dir, "nezha", "nezha-metrics.tar.xz"))
	if err != nil {
		return nil, err
	}
	var out []incident
	for _, day := range []string{"2022-08-22", "2022-08-23", "2023-01-29", "2023-01-30"} {
		cols, edges, err := nezhaDay(files, day)
		if err != nil {
			return nil, err
		}
		var hours map[string][]struct {
			Time string `json:"inject_time"`
			Pod  string `json:"inject_pod"`
			Type string `json:"inject_type"`
		}
		if err := json.Unmarshal(files["rca_data/"+day+"/"+day+"-fault_list.json"], &hours); err != nil {
			return nil, fmt.Errorf("cannot read the fault list of %s: %w", day, err)
		}
		var at []int64
		for _, h := range hours {
			for _, f := range h {
				t, err := faultTime(f.Time)
				if err != nil {
					return nil, err
				}
				at = append(at, t)
			}
		}
		slices.Sort(at)
		for _, hour := range sortedKeys(hours) {
			for _, f := range hours[hour] {
				t, _ := faultTime(f.Time)
				out = append(out, nezhaCase(day, f.Type, podHash.ReplaceAllString(f.Pod, ""), t, at, cols, edges, clean))
			}
		}
	}
	return out, nil
}

// faultTime reads inject_time, which is on the clock of the metric files. The
// set's inject_timestamp is eight hours off on the Train Ticket days.
func faultTime(s string) (int64, error) {
	t, err := time.Parse(time.DateTime, s)
	if err != nil {
		return 0, fmt.Errorf("cannot read fault time %q: %w", s, err)
	}
	return t.UnixMilli(), nil
}

func sortedKeys[V any](m map[string]V) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	return ks
}

func nezhaDay(files map[string][]byte, day string) ([]column, []correlate.Edge, error) {
	var cols []column
	var edges []correlate.Edge
	prefix := "rca_data/" + day + "/metric/"
	for _, path := range sortedKeys(files) {
		if !strings.HasPrefix(path, prefix) || !strings.HasSuffix(path, ".csv") {
			continue
		}
		rows, err := readCSV(files[path])
		if err != nil || len(rows) < 2 {
			return nil, nil, fmt.Errorf("cannot read %s: %d rows, %v", path, len(rows), err)
		}
		base := strings.TrimSuffix(strings.TrimPrefix(path, prefix), ".csv")
		if base == "dependency" {
			for _, r := range rows[1:] {
				if !strings.ContainsRune("0123456789", rune(r[1][0])) {
					edges = append(edges, correlate.Edge{Caller: r[0], Callee: r[1]})
				}
			}
			continue
		}
		var ts []int64
		for _, r := range rows[1:] {
			t, err := time.Parse("2006-01-02 15:04:05", r[0][:19])
			if err != nil {
				return nil, nil, fmt.Errorf("cannot read %s: %w", path, err)
			}
			ts = append(ts, t.UnixMilli())
		}
		for c := 2; c < len(rows[0]); c++ {
			head := rows[0][c]
			var ls labels.Labels
			switch {
			case base == "source_50" || base == "destination_50":
				caller, callee, _ := strings.Cut(head, "_")
				ls = labels.FromStrings("__name__", base+"_latency", "caller", caller, "callee", callee)
			case head == "PodName" || head == "ServiceName":
				continue
			case base == "front_service":
				ls = labels.FromStrings("__name__", "front_"+head)
			default:
				pod := strings.TrimSuffix(base, "_metric")
				ls = labels.FromStrings("__name__", head, "service", podHash.ReplaceAllString(pod, ""), "pod", pod)
			}
			col := column{ls: ls, ts: ts}
			for _, r := range rows[1:] {
				col.v = append(col.v, num(r[c]))
			}
			cols = append(cols, col)
		}
	}
	return cols, edges, nil
}

func nezhaCase(day, fault, service string, t int64, at []int64, cols []column, edges []correlate.Edge, clean bool) incident {
	system := "nezha-online-boutique"
	if day >= "2023" {
		system = "nezha-train-ticket"
	}
	c := incident{system: system, name: fmt.Sprintf("%s %s %s", day, time.UnixMilli(t).UTC().Format("15:04"), fault),
		truth: []string{service}, fault: fault}
	from := t - 120*minute
	c.in = correlate.Incident{From: t, To: t + 6*minute, Symptom: "front_LatencyP95(s)", Edges: edges}
	for _, col := range cols {
		w := gridded(col.ts, col.v, from, t+120*minute, minute)
		for i := range w.V {
			p := w.Start + int64(i)*w.Step
			for _, other := range at {
				if clean && other != t && p >= other-30_000 && p < other+6*minute && !(p >= t && p < c.in.To) {
					w.V[i] = math.NaN()
				}
			}
		}
		c.in.Series = append(c.in.Series, correlate.Candidate{Labels: col.ls, Window: w})
	}
	return c
}

// petshop returns the issues of the two scenarios that have a normal period.
// The normal period is moved to end right before the issue (gap set: an hour
// before it), since the set's own normal days lie elsewhere.
func petshop(dir string, gap int64) ([]incident, error) {
	files, err := readArchive(filepath.Join(dir, "petshop", "petshop-dataset.tar.xz"))
	if err != nil {
		return nil, err
	}
	var out []incident
	for _, sc := range []string{"low_traffic", "high_traffic"} {
		normal, err := petshopTable(files["dataset/"+sc+"/noissue/metrics.csv"])
		if err != nil {
			return nil, err
		}
		edges, err := petshopEdges(files["dataset/"+sc+"/graph.csv"])
		if err != nil {
			return nil, err
		}
		for _, path := range sortedKeys(files) {
			if !strings.HasPrefix(path, "dataset/"+sc+"/t") || !strings.HasSuffix(path, "target.json") {
				continue
			}
			c, err := petshopCase(sc, path, files, normal, gap)
			if err != nil {
				return nil, err
			}
			c.in.Edges = edges
			out = append(out, c)
		}
	}
	return out, nil
}

type table struct {
	names []labels.Labels
	ts    []int64
	v     [][]float64 // By column.
}

func petshopTable(b []byte) (table, error) {
	rows, err := readCSV(b)
	if err != nil || len(rows) < 5 {
		return table{}, fmt.Errorf("cannot read PetShop metrics: %d rows, %v", len(rows), err)
	}
	var t table
	for c := 1; c < len(rows[0]); c++ {
		t.names = append(t.names, labels.FromStrings("__name__", rows[1][c]+"_"+rows[2][c], "service", rows[0][c]))
		t.v = append(t.v, nil)
	}
	for _, r := range rows[4:] {
		t.ts = append(t.ts, int64(num(r[0]))*1000)
		for c := range t.v {
			t.v[c] = append(t.v[c], num(r[c+1]))
		}
	}
	return t, nil
}

func petshopEdges(b []byte) ([]correlate.Edge, error) {
	rows, err := readCSV(b)
	if err != nil {
		return nil, err
	}
	var edges []correlate.Edge
	for _, r := range rows[1:] {
		for c := 1; c < len(r); c++ {
			if num(r[c]) > 0 {
				edges = append(edges, correlate.Edge{Caller: r[0], Callee: rows[0][c]})
			}
		}
	}
	return edges, nil
}

func petshopCase(sc, path string, files map[string][]byte, normal table, gap int64) (incident, error) {
	var truth struct {
		Target struct {
			Node   string `json:"node"`
			Metric string `json:"metric"`
			Agg    string `json:"agg"`
			TS     int64  `json:"timestamp"`
		} `json:"target"`
		Root struct {
			Node string `json:"node"`
		} `json:"root_cause"`
	}
	if err := json.Unmarshal(files[path], &truth); err != nil {
		return incident{}, err
	}
	issue, err := petshopTable(files[strings.TrimSuffix(path, "target.json")+"metrics.csv"])
	if err != nil {
		return incident{}, err
	}
	const step = 300_000
	c := incident{system: "petshop-" + strings.TrimSuffix(sc, "_traffic"), name: strings.TrimSuffix(path, "/target.json"),
		truth: []string{truth.Root.Node}, skip: truth.Target.Node, fault: truth.Target.Metric, alarm: truth.Target.TS * 1000}
	shift := issue.ts[0] - gap - step - normal.ts[len(normal.ts)-1]
	before := map[string][]float64{}
	var nts []int64
	for _, t := range normal.ts {
		nts = append(nts, t+shift)
	}
	for i, ls := range normal.names {
		before[ls.String()] = normal.v[i]
	}
	end := issue.ts[len(issue.ts)-1] + step
	c.in = correlate.Incident{From: issue.ts[0], To: end,
		Symptom: metric.FormatSeries(labels.FromStrings("__name__", truth.Target.Metric+"_"+truth.Target.Agg, "service", truth.Target.Node))}
	for i, ls := range issue.names {
		ts, v := slices.Clone(issue.ts), slices.Clone(issue.v[i])
		if b, ok := before[ls.String()]; ok {
			ts, v = append(slices.Clone(nts), ts...), append(slices.Clone(b), v...)
		}
		c.in.Series = append(c.in.Series, correlate.Candidate{Labels: ls, Window: gridded(ts, v, nts[0], end, step)})
	}
	return c, nil
}

// dycause returns its two incidents. Culprits and windows are those of the
// authors' demonstration commands (PanYicheng/dycause_rca, README).
func dycause(dir string) ([]incident, error) {
	files, err := readArchive(filepath.Join(dir, "dycause", "dycause-data.tar.xz"))
	if err != nil {
		return nil, err
	}
	py, err := readSheet(files["data/pymicro/rawdata.xlsx"], "sheet1")
	if err != nil {
		return nil, err
	}
	real, err := readSheet(files["data/real_micro_service/rawdata.xlsx"], "sheet2")
	if err != nil {
		return nil, err
	}
	a := incident{system: "dycause-pymicro", name: "1100..1200", truth: []string{"n1"}, skip: "n16", fault: "simulated"}
	a.in = rowsIncident(py, 0, 1500, 1100, 1200, 16)
	graph, err := readSheet(files["data/pymicro/true_callgraph.xlsx"], "sheet1")
	if err != nil {
		return nil, err
	}
	for i, r := range graph {
		for j, v := range r {
			if i != j && num(v) > 0 {
				a.in.Edges = append(a.in.Edges, correlate.Edge{Caller: fmt.Sprintf("n%d", i+1), Callee: fmt.Sprintf("n%d", j+1)})
			}
		}
	}
	b := incident{system: "dycause-real", name: "4653..4933", truth: []string{"n6", "n28", "n30", "n31"}, skip: "n14", fault: "real"}
	b.in = rowsIncident(real, 3653, 4933, 4653, 4933, 14)
	return []incident{a, b}, nil
}

// rowsIncident takes one series per row, named in the first cell, one value a second.
func rowsIncident(rows [][]string, lo, hi, from, to, symptom int) correlate.Incident {
	in := correlate.Incident{From: int64(from) * 1000, To: int64(to) * 1000}
	for i, r := range rows {
		w := metric.Window{Start: int64(lo) * 1000, Step: 1000}
		for _, c := range r[min(lo+1, len(r)):min(hi+1, len(r))] {
			w.V = append(w.V, num(c))
		}
		ls := labels.FromStrings("__name__", "latency", "service", fmt.Sprintf("n%d", i+1))
		in.Series = append(in.Series, correlate.Candidate{Labels: ls, Window: w})
		if i+1 == symptom {
			in.Symptom = metric.FormatSeries(ls)
		}
	}
	return in
}
