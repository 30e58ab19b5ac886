package offline

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"testing"
)

// wideStream writes a wide CSV of the given size without ever holding it.
type wideStream struct {
	rows, columns, row int
	rest               []byte
	state              uint64
}

// Read implements io.Reader.
func (w *wideStream) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if w.row > w.rows {
			return 0, io.EOF
		}
		w.rest = w.line(w.rest[:0])
		w.row++
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *wideStream) line(b []byte) []byte {
	if w.row == 0 {
		b = append(b, "timestamp"...)
		for c := range w.columns {
			b = fmt.Appendf(b, ",s%d", c)
		}
		return append(b, '\n')
	}
	b = strconv.AppendInt(b, int64(1700000000+60*w.row), 10)
	for range w.columns {
		w.state = w.state*6364136223846793005 + 1442695040888963407
		b = append(b, ',')
		b = strconv.AppendFloat(b, float64(w.state>>40)/(1<<24), 'f', 4, 64)
	}
	return append(b, '\n')
}

// peak runs Detect over rows of ten series and returns the largest heap seen
// between rows.
func peak(t *testing.T, rows int) uint64 {
	t.Helper()
	var largest uint64
	in := &watchHeap{r: &wideStream{rows: rows, columns: 10}, largest: &largest}
	if err := Detect(context.Background(), []Input{{Name: "stream", R: in}}, DetectOptions{Output: CSV}, io.Discard); err != nil {
		t.Fatal(err)
	}
	return largest
}

// watchHeap looks at the live heap now and then while it is read.
type watchHeap struct {
	r       io.Reader
	n       int
	largest *uint64
}

// Read implements io.Reader.
func (w *watchHeap) Read(p []byte) (int, error) {
	if w.n++; w.n%2000 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		*w.largest = max(*w.largest, m.HeapAlloc)
	}
	return w.r.Read(p)
}

// A million samples take no more memory than a tenth of them: the input
// streams by.
func TestDetectMemoryDoesNotGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("a million samples; run without -short")
	}
	small, large := peak(t, 10_000), peak(t, 100_000)
	if large > small+small/4+(2<<20) {
		t.Errorf("heap of %d kB for a million samples, %d kB for a tenth of them", large>>10, small>>10)
	}
	t.Logf("live heap: %d kB for 100,000 samples, %d kB for 1,000,000", small>>10, large>>10)
}
