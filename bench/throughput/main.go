package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	series := flag.Int("series", 20_000, "series in the load")
	rounds := flag.Int("rounds", 6, "measured rounds; each is four scrapes into each server")
	out := flag.String("o", "", "write the report to this file as well")
	flag.Parse()
	if err := run(*series, *rounds, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// peer is one server under load.
type peer struct {
	name, url string
	cmd       *exec.Cmd
	rate      []float64 // Samples per second, wall, by round.
	cpu       []float64 // CPU seconds per million samples, by round.
	rss       float64   // MiB at the end.
	books     string    // Where the samples went, in words; empty for a server without.
}

func run(series, rounds int, out string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "throughput-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	peers, err := start(ctx, dir)
	for _, p := range peers {
		defer func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() }() // Killed: Wait only says so.
	}
	if err != nil {
		return err
	}
	if err := measure(peers, series, rounds); err != nil {
		return err
	}
	text := report(peers, series, rounds)
	fmt.Print(text)
	if out != "" {
		return os.WriteFile(out, []byte(text), 0o644)
	}
	return nil
}

func start(ctx context.Context, dir string) ([]*peer, error) {
	bin := filepath.Join(dir, "bellwether")
	if text, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", bin, "./cmd/bellwether").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build bellwether: %w\n%s", err, text)
	}
	prom, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, errors.New("cannot compare: prometheus is not on PATH; install the Debian package prometheus")
	}
	conf := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(conf, []byte("global: {}\n"), 0o644); err != nil {
		return nil, err
	}
	ours, grpc, theirs := freePort(), freePort(), freePort()
	peers := []*peer{
		{name: "Bellwether, every analysis on", url: "http://" + ours, cmd: exec.CommandContext(ctx, bin, "serve",
			"--storage.path", filepath.Join(dir, "ours"), "--web.listen-address", ours, "--grpc.listen-address", grpc, "--log.level", "error")},
		{name: "Prometheus", url: "http://" + theirs, cmd: exec.CommandContext(ctx, prom, "--config.file", conf,
			"--storage.tsdb.path", filepath.Join(dir, "theirs"), "--web.listen-address", theirs, "--web.enable-remote-write-receiver", "--log.level", "error")},
	}
	for i, p := range peers {
		p.cmd.Stderr = os.Stderr
		if err := p.cmd.Start(); err != nil {
			return peers[:i], fmt.Errorf("cannot start %s: %w", p.name, err)
		}
	}
	for _, p := range peers {
		if err := awaitReady(ctx, p.url+"/-/ready"); err != nil {
			return peers, fmt.Errorf("cannot reach %s: %w", p.name, err)
		}
	}
	return peers, nil
}

// scrapesARound is how many samples a series gets in one measured round.
const scrapesARound = 4

func measure(peers []*peer, series, rounds int) error {
	t := time.Now().Add(-2 * time.Hour).UnixMilli()
	for round := -1; round < rounds; round++ { // The first creates the series and is not counted.
		var all [][]byte
		for range scrapesARound {
			t += 15_000
			all = append(all, bodies(series, t)...)
		}
		for _, p := range peers {
			before := cpuSeconds(p.cmd.Process.Pid)
			took, err := push(p.url+"/api/v1/write", all, 2)
			if err != nil {
				return err
			}
			settle(p.cmd.Process.Pid)
			n := float64(series * scrapesARound)
			if round >= 0 {
				p.rate = append(p.rate, n/took.Seconds())
				p.cpu = append(p.cpu, (cpuSeconds(p.cmd.Process.Pid)-before)/n*1e6)
			}
		}
	}
	for _, p := range peers {
		p.rss = rssMiB(p.cmd.Process.Pid)
	}
	var err error
	peers[0].books, err = readBooks(peers[0].url + "/metrics")
	return err
}

// readBooks says where the samples went: a rate at which the analyses fall
// behind would be no rate. Two connections deliver some requests out of order;
// those samples are stored and counted as late, and not analysed.
func readBooks(url string) (string, error) {
	res, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	value := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			value[name] = v
		}
	}
	hop := func(name string) string { return value[`bellwether_ingest_samples_total{hop="`+name+`"}`] }
	lane := func(what string) string { return value[`bellwether_`+what+`_samples_total{lane="slo"}`] }
	return fmt.Sprintf("Received %s samples: %s late (two connections reorder), %s handed to every analysis, of which each took %s and dropped %s.",
		hop("received"), hop("late"), hop("tapped"), lane("analysed"), lane("analysis_dropped")), nil
}

// settle waits until a process has nothing left to do, so that analysis behind
// the answer is counted too.
func settle(pid int) {
	for range 100 {
		before := cpuSeconds(pid)
		time.Sleep(200 * time.Millisecond)
		if cpuSeconds(pid)-before < 0.02 {
			return
		}
	}
}

func report(peers []*peer, series, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Throughput: the price of the analyses

The same remote-write 1.0 load (%d counter series, 8 labels, %d series a
request, 2 connections, loopback) into each server in turn, %d rounds of %d
scrapes after one that creates the series. Median over the rounds; CPU is of the
server process only, and counts what it does after answering. %s, %d processors,
shared with the generator.

| server | samples/s, wall | CPU seconds per million samples | memory |
|---|---:|---:|---:|
`, series, perRequest, rounds, scrapesARound, runtime.Version(), runtime.NumCPU())
	for _, p := range peers {
		fmt.Fprintf(&b, "| %s | %.0f | %.2f | %.0f MiB |\n", p.name, median(p.rate), median(p.cpu), p.rss)
	}
	fmt.Fprintf(&b, `
Ratio, Bellwether to Prometheus: %.2f samples/s, %.2f CPU a sample. %s

Rerun: `+"`go run ./bench/throughput -o bench/throughput/REPORT.md`"+`
`, median(peers[0].rate)/median(peers[1].rate), median(peers[0].cpu)/median(peers[1].cpu), peers[0].books)
	return b.String()
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}

func awaitReady(ctx context.Context, url string) error {
	for range 300 {
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("it did not become ready in 30 s")
}

// cpuSeconds reads a process's user and system time (proc(5), stat fields 14
// and 15, in ticks of 10 ms).
func cpuSeconds(pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(after)
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}

func rssMiB(pid int) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}
