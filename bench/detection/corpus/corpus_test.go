package corpus

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a gzipped file under dir.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKPILeavesMissingRowsOut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "wsd/7.csv.gz", "timestamp,value,label\n60,1,0\n120,nan,1\n180,3,1\n240,4,0\n")
	set, err := KPI(dir, "wsd")
	if err != nil {
		t.Fatal(err)
	}
	s := set[0]
	if s.Name != "7" || len(s.V) != 3 || s.T[1] != 180_000 || !s.Label[1] || s.From != 1 || s.StepMS != 120_000 {
		t.Errorf("read %+v", s)
	}
}

func TestErrorsNameTheSetAndTheLine(t *testing.T) {
	dir := t.TempDir()
	if _, err := KPI(dir, "aiops"); err == nil || !strings.Contains(err.Error(), "CSTCloudOps") {
		t.Errorf("a missing set gives %v, want where it comes from", err)
	}
	write(t, dir, "wsd/7.csv.gz", "timestamp,value,label\nyesterday,1,0\n")
	if _, err := KPI(dir, "wsd"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a bad row gives %v, want its line", err)
	}
}
