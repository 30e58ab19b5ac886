package corpus

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Annotated is a series in which several people marked the changes they see.
type Annotated struct {
	Name  string
	V     []float64 // NaN where a sample is missing.
	Marks [][]int   // One slice for each person: the first samples after changes, in order.
}

// TCPD reads the one-dimensional series of the Turing Change Point Dataset, in
// order of name.
func TCPD(dir string) ([]Annotated, error) {
	wrong := func(err error) error {
		return fmt.Errorf("cannot read set \"tcpd\": %w; the bench wants\n%s", err, Sets)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "tcpd", "annotations.json"))
	if err != nil {
		return nil, wrong(err)
	}
	var marks map[string]map[string][]int
	if err := json.Unmarshal(raw, &marks); err != nil {
		return nil, wrong(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "tcpd", "series", "*.json.gz"))
	if err != nil || len(paths) == 0 {
		return nil, wrong(fmt.Errorf("no series/*.json.gz"))
	}
	var out []Annotated
	for _, p := range paths {
		var file struct {
			Dimensions int `json:"n_dim"`
			Series     []struct{ Raw []*float64 }
		}
		if err := readJSON(p, &file); err != nil {
			return nil, wrong(err)
		}
		if file.Dimensions != 1 || len(file.Series) != 1 {
			continue
		}
		s := Annotated{Name: strings.TrimSuffix(filepath.Base(p), ".json.gz")}
		for _, v := range file.Series[0].Raw {
			if v == nil {
				s.V = append(s.V, math.NaN())
			} else {
				s.V = append(s.V, *v)
			}
		}
		people := marks[s.Name]
		for _, who := range sortedKeys(people) {
			s.Marks = append(s.Marks, people[who])
		}
		if len(s.Marks) == 0 {
			return nil, wrong(fmt.Errorf("nobody annotated %s", s.Name))
		}
		out = append(out, s)
	}
	return out, nil
}

func sortedKeys(m map[string][]int) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func readJSON(path string, into any) error {
	f, err := open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return json.NewDecoder(f).Decode(into)
}

// otavaSeries finds the series written out in the source of a test of otava.
var otavaSeries = regexp.MustCompile(`return \[([0-9, ]+)\]`)

// Performance reads series of nightly performance tests, which carry no marks:
// of mongodb/signal-processing-algorithms and of apache/otava.
func Performance(dir string) ([]Annotated, error) {
	wrong := func(err error) error {
		return fmt.Errorf("cannot read set \"perf-cpd\": %w; the bench wants\n%s", err, Sets)
	}
	var out []Annotated
	for _, name := range []string{"real_series", "robust_series"} {
		s := Annotated{Name: "mongodb " + name}
		if err := readJSON(filepath.Join(dir, "perf-cpd", "mongodb", name+".json.gz"), &s.V); err != nil {
			return nil, wrong(err)
		}
		out = append(out, s)
	}
	f, err := open(filepath.Join(dir, "perf-cpd", "otava", "tigerbeetle_test.py.gz"))
	if err != nil {
		return nil, wrong(err)
	}
	defer f.Close()
	src, err := io.ReadAll(f)
	if err != nil {
		return nil, wrong(err)
	}
	m := otavaSeries.FindSubmatch(src)
	if m == nil {
		return nil, wrong(fmt.Errorf("no series in tigerbeetle_test.py"))
	}
	s := Annotated{Name: "otava tigerbeetle"}
	for field := range strings.SplitSeq(string(m[1]), ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return nil, wrong(err)
		}
		s.V = append(s.V, v)
	}
	return append(out, s), nil
}
