package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// The load is Prometheus remote write 1.0: counters with eight labels, one
// sample a series and request, all bodies made before the clock runs.

// perRequest is the number of series in one request, Prometheus's default.
const perRequest = 2000

// labels are about as long as those of a Kubernetes pod.
func appendSeries(b []byte, i int, t int64) []byte {
	var ts []byte
	label := func(name, value string) {
		var l []byte
		l = protowire.AppendTag(l, 1, protowire.BytesType)
		l = protowire.AppendString(l, name)
		l = protowire.AppendTag(l, 2, protowire.BytesType)
		l = protowire.AppendString(l, value)
		ts = protowire.AppendTag(ts, 1, protowire.BytesType)
		ts = protowire.AppendBytes(ts, l)
	}
	label("__name__", "http_requests_total")
	label("cluster", "eu-west-1")
	label("code", [...]string{"200", "404", "500"}[i%3])
	label("instance", fmt.Sprintf("10.0.%d.%d:8080", i/250%250, i%250))
	label("job", "api")
	label("namespace", fmt.Sprintf("team-%02d", i%40))
	label("pod", fmt.Sprintf("api-%06d-%05x", i, i*2654435761&0xfffff))
	label("service", fmt.Sprintf("service-%03d", i%200))
	var s []byte
	s = protowire.AppendTag(s, 1, protowire.Fixed64Type)
	// A counter with a daily wave, so that the detectors have work.
	v := float64(t/1000)*5 + 2000*math.Sin(float64(t)/8.64e7*2*math.Pi) + float64(i)
	s = protowire.AppendFixed64(s, math.Float64bits(v))
	s = protowire.AppendTag(s, 2, protowire.VarintType)
	s = protowire.AppendVarint(s, uint64(t))
	ts = protowire.AppendTag(ts, 2, protowire.BytesType)
	ts = protowire.AppendBytes(ts, s)
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	return protowire.AppendBytes(b, ts)
}

// bodies returns the requests of one scrape of every series at t.
func bodies(series int, t int64) [][]byte {
	var out [][]byte
	for from := 0; from < series; from += perRequest {
		var b []byte
		for i := from; i < min(from+perRequest, series); i++ {
			b = appendSeries(b, i, t)
		}
		out = append(out, snappy.Encode(nil, b))
	}
	return out
}

// push sends the bodies over conns connections and returns how long it took.
func push(url string, all [][]byte, conns int) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns}, Timeout: time.Minute}
	work := make(chan []byte)
	failed := make(chan error, conns)
	began := time.Now()
	for range conns {
		go func() {
			var err error
			for body := range work {
				if err == nil {
					err = post(client, url, body)
				}
			}
			failed <- err
		}()
	}
	for _, body := range all {
		work <- body
	}
	close(work)
	var err error
	for range conns {
		if e := <-failed; e != nil {
			err = e
		}
	}
	return time.Since(began), err
}

func post(client *http.Client, url string, body []byte) error {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Encoding", "snappy")
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 300)) // Only wanted for the error below.
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("cannot push to %s: %s %s", url, res.Status, text)
	}
	return nil
}
