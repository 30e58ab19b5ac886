package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func mustOpen(t testing.TB, o Options) (*Log, *Report) {
	t.Helper()
	l, rep, err := Open("log", o)
	if err != nil {
		t.Fatal(err)
	}
	return l, rep
}

func mustAppend(t testing.TB, l *Log, payloads ...string) uint64 {
	t.Helper()
	var bs [][]byte
	for _, p := range payloads {
		bs = append(bs, []byte(p))
	}
	seq, err := l.Append(context.Background(), bs...)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func readAll(t testing.TB, l *Log, from uint64) []string {
	t.Helper()
	var out []string
	for r, err := range l.Read(from) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%d:%s", r.Seq, r.Payload))
	}
	return out
}

func TestLogKeepsWhatItAcknowledged(t *testing.T) {
	fs := newMemFS()
	l, rep := mustOpen(t, Options{FS: fs, SegmentBytes: 90})
	if len(rep.Notes) != 1 {
		t.Errorf("notes %q, want one saying that the log is new", rep.Notes)
	}
	for i := 0; i < 20; i += 2 {
		mustAppend(t, l, fmt.Sprint("r", i+1), fmt.Sprint("r", i+2))
	}
	id := l.ID()
	l.Close()
	fs.Crash(rand.New(rand.NewPCG(1, 1)))
	l, rep = mustOpen(t, Options{FS: fs, SegmentBytes: 90})
	if l.ID() != id || l.Last() != 20 || rep.CutBytes != 0 {
		t.Fatalf("id %x last %d cut %d", l.ID(), l.Last(), rep.CutBytes)
	}
	got := readAll(t, l, 7)
	if len(got) != 14 || got[0] != "7:r7" || got[13] != "20:r20" {
		t.Errorf("read %v", got)
	}
	if len(l.segments) < 3 {
		t.Errorf("%d segments: rotation did not happen", len(l.segments))
	}
	if err := l.Forget(9); err != nil {
		t.Fatal(err)
	}
	if old := l.Oldest(); old > 9 || old == 1 {
		t.Errorf("oldest %d after Forget(9)", old)
	}
	for _, err := range l.Read(1) {
		var f *ForgottenError
		if !errors.As(err, &f) || f.Oldest != l.Oldest() {
			t.Errorf("reading what is gone: %v", err)
		}
	}
}

// Every prefix of a log opens, loses only the frame that is cut, and goes on.
func TestTornTailAtEveryByte(t *testing.T) {
	fs := newMemFS()
	l, _ := mustOpen(t, Options{FS: fs, ID: [16]byte{7}})
	mustAppend(t, l, "one")
	mustAppend(t, l, "two", "three")
	mustAppend(t, l, "four")
	whole := bytes.Clone(fs.only(".log").data)
	ends := map[int]uint64{headerSize: 0} // Byte after which so many records are whole.
	at, seq := headerSize, uint64(0)
	for at < len(whole) {
		size, _, rs, ok := readFrame(whole[at:], [16]byte{7}, seq+1)
		if !ok {
			t.Fatal("cannot read back")
		}
		at += size
		seq += uint64(len(rs))
		ends[at] = seq
	}
	want := uint64(0)
	for cut := range len(whole) + 1 {
		if n, ok := ends[cut]; ok {
			want = n
		}
		fs := newMemFS()
		fs.files["log/"+segmentName(1)] = &memFile{data: bytes.Clone(whole[:cut])}
		l, rep := mustOpen(t, Options{FS: fs})
		if l.Last() != want {
			t.Fatalf("cut at %d: last %d, want %d", cut, l.Last(), want)
		}
		_, clean := ends[cut]
		if clean != (rep.CutBytes == 0) && cut > 0 {
			t.Fatalf("cut at %d: report says %d bytes cut", cut, rep.CutBytes)
		}
		if got := mustAppend(t, l, "next"); got != want+1 {
			t.Fatalf("cut at %d: next record is %d, want %d", cut, got, want+1)
		}
	}
}

// One flipped bit anywhere before the last frame is refused, never skipped.
func TestDamageIsRefused(t *testing.T) {
	fs := newMemFS()
	l, _ := mustOpen(t, Options{FS: fs, ID: [16]byte{7}})
	mustAppend(t, l, "one")
	last := len(fs.only(".log").data)
	mustAppend(t, l, "two")
	whole := bytes.Clone(fs.only(".log").data)
	for i := range last {
		b := bytes.Clone(whole)
		b[i] ^= 4
		fs := newMemFS()
		fs.files["log/"+segmentName(1)] = &memFile{data: b}
		_, _, err := Open("log", Options{FS: fs})
		var d *DamageError
		if !errors.As(err, &d) {
			t.Fatalf("bit flipped in byte %d: %v", i, err)
		}
		if !strings.Contains(err.Error(), "Restore") {
			t.Fatalf("the error does not say what to do: %v", err)
		}
		if !bytes.Equal(fs.only(".log").data, b) {
			t.Fatalf("a refused log was changed")
		}
	}
}

func TestFullDiskHeals(t *testing.T) {
	fs := newMemFS()
	l, _ := mustOpen(t, Options{FS: fs, SegmentBytes: 120})
	mustAppend(t, l, "one")
	for budget := range 80 {
		before := l.Last()
		fs.budget = budget
		_, err := l.Append(context.Background(), []byte(strings.Repeat("x", 70)))
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free space") {
			t.Fatalf("budget %d: %v", budget, err)
		}
		if l.Last() != before {
			t.Fatalf("budget %d: a failed append moved the log from %d to %d", budget, before, l.Last())
		}
		fs.budget = -1
		if got := mustAppend(t, l, "ok"); got != before+1 {
			t.Fatalf("budget %d: next record is %d, want %d", budget, got, before+1)
		}
	}
	l.Close()
	l, rep := mustOpen(t, Options{FS: fs})
	if l.Last() != 81 || rep.CutBytes != 0 {
		t.Errorf("last %d, cut %d", l.Last(), rep.CutBytes)
	}
}

// Random appends, failures and crashes: what was acknowledged is there, what
// is there was sent, in order.
func TestCrashAnywhere(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		fs := newMemFS()
		o := Options{FS: fs, SegmentBytes: int64(100 + rng.IntN(400))}
		l, _ := mustOpen(t, o)
		var acked []string
		for step := range 30 {
			var batch []string
			for range 1 + rng.IntN(3) {
				batch = append(batch, fmt.Sprintf("s%d-%d-%s", step, rng.IntN(1000), strings.Repeat("y", rng.IntN(50))))
			}
			if rng.IntN(4) == 0 {
				fs.budget = rng.IntN(150)
			}
			var bs [][]byte
			for _, s := range batch {
				bs = append(bs, []byte(s))
			}
			last, err := l.Append(context.Background(), bs...)
			if err == nil {
				acked = append(acked, batch...)
				if last != uint64(len(acked)) {
					t.Fatalf("seed %d: acknowledged as %d, want %d", seed, last, len(acked))
				}
			}
			crashed := rng.IntN(5) == 0
			if crashed {
				fs.Crash(rng)
				var oerr error
				if l, _, oerr = Open("log", o); oerr != nil {
					t.Fatalf("seed %d step %d: %v", seed, step, oerr)
				}
				// A write that failed may have reached the disk all the same.
				if err != nil && int(l.Last()) == len(acked)+len(batch) {
					acked = append(acked, batch...)
				}
			}
			fs.budget = -1
			got := readAll(t, l, 1)
			if len(got) != len(acked) {
				t.Fatalf("seed %d step %d: %d records, %d acknowledged", seed, step, len(got), len(acked))
			}
			for i := range got {
				if got[i] != fmt.Sprintf("%d:%s", i+1, acked[i]) {
					t.Fatalf("seed %d: record %s, want %s", seed, got[i], acked[i])
				}
			}
		}
	}
}

func TestConcurrentAppendsShareSyncs(t *testing.T) {
	fs := newMemFS()
	l, _ := mustOpen(t, Options{FS: fs})
	fs.syncs = 0
	var wg sync.WaitGroup
	const writers = 64
	l.commit.Lock() // Hold the leader's place until all have queued.
	for i := range writers {
		wg.Go(func() { mustAppend(t, l, fmt.Sprint("w", i)) })
	}
	for {
		l.mu.Lock()
		n := len(l.waiting)
		l.mu.Unlock()
		if n == writers {
			break
		}
		time.Sleep(time.Millisecond) // Waits for goroutines to start, not for time.
	}
	l.commit.Unlock()
	wg.Wait()
	if l.Last() != writers || fs.syncs != 1 {
		t.Errorf("%d records in %d syncs, want %d in 1", l.Last(), fs.syncs, writers)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	l, _, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
	l.Close()
	again, _, err := Open(dir, Options{})
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	again.Close()
}

// cpuTime reports the CPU time of the process per operation: the wall clock
// says little on a machine that does other things too.
func cpuTime(b *testing.B) func() {
	b.Helper()
	var from, to syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &from)
	return func() {
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &to)
		ns := to.Utime.Nano() + to.Stime.Nano() - from.Utime.Nano() - from.Stime.Nano()
		b.ReportMetric(float64(ns)/float64(b.N), "cpu-ns/op")
	}
}

func FuzzOpen(f *testing.F) {
	id := [16]byte{7}
	good := appendHeader(nil, id, 1)
	good = appendFrame(good, id, 1, [][]byte{[]byte("one"), []byte("two")})
	good = appendFrame(good, id, 3, [][]byte{[]byte("three")})
	f.Add(good)
	f.Add(good[:60])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := newMemFS()
		fs.files["log/"+segmentName(1)] = &memFile{data: bytes.Clone(b)}
		l, _, err := Open("log", Options{FS: fs})
		if err != nil {
			return
		}
		n := len(readAll(t, l, 0))
		if uint64(n) != l.Last() {
			t.Fatalf("%d records read, last is %d", n, l.Last())
		}
		if got := mustAppend(t, l, "x"); got != uint64(n)+1 {
			t.Fatalf("appended as %d after %d", got, n)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l, _, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			payload := bytes.Repeat([]byte("x"), 400)
			b.ReportAllocs()
			defer cpuTime(b)()
			b.SetParallelism(writers)
			if writers == 1 {
				for b.Loop() {
					if _, err := l.Append(context.Background(), payload); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(context.Background(), payload); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
