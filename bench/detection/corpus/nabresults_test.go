package corpus

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// results writes a folder of published results with one detector and one file.
func results(t *testing.T, rows string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("final_results.json", `{"toy":{"standard":12.5,"reward_low_FP_rate":1,"reward_low_FN_rate":20}}`)
	put("README.md", "not a detector")
	put("toy/group/toy_a.csv", rows)
	for _, p := range nabProfiles {
		put("toy/toy_"+p+"_scores.csv", "Detector,Profile,File,Threshold,Score,TP,TN,FP,FN,Total_Count\ntoy,x,group/a.csv,0.75,-1,0,1,2,3,6\nTotals,,,,-1,0,1,2,3,6\n")
	}
	return dir
}

func TestNABPublished(t *testing.T) {
	set := []Series{{Name: "group/a.csv", T: []int64{0, 60_000, 120_000}}}
	const head = "timestamp,value,anomaly_score,label\n"
	const row0, row1, row2 = "1970-01-01 00:00:00,1,0.5,0\n", "1970-01-01 00:01:00,1,0.25,0\n", "1970-01-01 00:02:00,1,1,0\n"
	all, err := NABPublished(results(t, head+row0+row1+row2), set)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Name != "toy" || all[0].Rows[0][1] != .25 {
		t.Errorf("read %+v", all)
	}
	if p := all[0].Profiles[0]; p != (NABPublishedProfile{Final: 12.5, Threshold: .75, FP: 2, Files: 1}) {
		t.Errorf("profile %+v", p)
	}
	for name, rows := range map[string]string{
		"a row is missing":     head + row0 + row2,
		"another time":         head + row0 + row1 + "1970-01-01 00:03:00,1,1,0\n",
		"no column of scores":  "timestamp,value,label\n",
		"a score is no number": head + row0 + row1 + "1970-01-01 00:02:00,1,x,0\n",
	} {
		if _, err := NABPublished(results(t, rows), set); err == nil || !strings.Contains(err.Error(), "toy_a.csv") {
			t.Errorf("%s: error %v, want one that names the file", name, err)
		}
	}
	dir := results(t, head+row0+row1+row2)
	if err := os.WriteFile(filepath.Join(dir, "final_results.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if all, err := NABPublished(dir, set); err != nil || !math.IsNaN(all[0].Profiles[0].Final) {
		t.Errorf("a detector without a final score: %+v, %v, want NaN", all, err)
	}
}

func TestNABResultsDir(t *testing.T) {
	if _, err := NABResultsDir("", t.TempDir()); !errors.Is(err, ErrNoNABResults) {
		t.Errorf("no folder gives %v", err)
	}
	if _, err := NABResultsDir("", ""); !errors.Is(err, ErrNoNABResults) {
		t.Errorf("no corpus gives %v", err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "nab", "results"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := NABResultsDir("", dir); err != nil || got != filepath.Join(dir, "nab", "results") {
		t.Errorf("beside the data: %q, %v", got, err)
	}
	if got, err := NABResultsDir("/named", dir); err != nil || got != "/named" {
		t.Errorf("named: %q, %v", got, err)
	}
}
