package ingest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/bellwether-ts/bellwether/tsdb"
	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
)

// Remote write, the door most samples come through: Prometheus, vmagent,
// Grafana Alloy and the OpenTelemetry Collector all speak it. This file is the
// HTTP side; writev1.go and writev2.go decode the two messages.
//
// What a sender does with the answer decides the answer
// (prometheus.io/docs/specs/prw/remote_write_spec_2_0):
//
//	204  stored
//	400  some or all samples can never be stored; the others are; do not resend
//	413  body too large                 415  not a message or encoding we read
//	500  the store failed               503  too much in flight; both: resend

const (
	writtenSamples    = "X-Prometheus-Remote-Write-Samples-Written"
	writtenHistograms = "X-Prometheus-Remote-Write-Histograms-Written"
	writtenExemplars  = "X-Prometheus-Remote-Write-Exemplars-Written"
)

// RemoteWrite returns the handler for Prometheus remote write 1.0 and 2.0.
// Exemplars are not stored, and said not to be.
func (s *Sink) RemoteWrite() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			w.Header().Set("Retry-After", "1")
			http.Error(w, ErrOverloaded.Error(), http.StatusServiceUnavailable)
			return
		}
		defer s.leave()
		reply, err := s.remoteWrite(w, r)
		if err != nil {
			s.opts.Log.Debug("remote write", "from", r.RemoteAddr, "err", err)
		}
		reply.write(w, err)
	})
}

// writeReply is the answer to one request.
type writeReply struct {
	status             int
	floats, histograms int // Stored.
}

func (a writeReply) write(w http.ResponseWriter, err error) {
	w.Header().Set(writtenSamples, strconv.Itoa(a.floats))
	w.Header().Set(writtenHistograms, strconv.Itoa(a.histograms))
	w.Header().Set(writtenExemplars, "0")
	if err != nil {
		http.Error(w, err.Error(), a.status)
		return
	}
	w.WriteHeader(a.status)
}

// bodies are the two buffers of a request.
type bodies struct{ wire, plain []byte }

var bodyPool = sync.Pool{New: func() any { return &bodies{} }}

func (s *Sink) remoteWrite(w http.ResponseWriter, r *http.Request) (writeReply, error) {
	buf := bodyPool.Get().(*bodies)
	defer bodyPool.Put(buf)
	msg, status, err := s.readBody(buf, w, r)
	if err != nil {
		s.books.update(func(a *Accounting) { a.BadRequests++ })
		return writeReply{status: status}, err
	}
	in := s.begin(r.Context())
	var undecodable []string
	if msg == remoteapi.WriteV2MessageType {
		undecodable, err = in.writeV2(buf.plain)
	} else {
		err = in.writeV1(buf.plain)
	}
	if err != nil {
		s.books.update(func(a *Accounting) { a.BadRequests++ })
		err = fmt.Errorf("cannot read %s: %w; nothing was stored", msg, err)
		return writeReply{status: http.StatusBadRequest}, errors.Join(err, in.tx.Rollback())
	}
	result, err := in.commit()
	if err != nil {
		return writeReply{status: http.StatusInternalServerError}, err
	}
	reply := writeReply{http.StatusNoContent, in.floats.accepted(), in.histograms.accepted()}
	if n := result.Refused.Total() + in.undecodable; n > 0 {
		reply.status = http.StatusBadRequest
		err = refusedError(n, reply.floats+reply.histograms, result.Refused, in.undecodable, undecodable)
	}
	return reply, err
}

// refusedError tells the sender what was not stored and that resending does
// not help.
func refusedError(n, stored int, refused tsdb.Refusals, undecodable int, examples []string) error {
	why := refused.String()
	if undecodable > 0 {
		if why != "" {
			why += "; "
		}
		why += fmt.Sprintf("%d undecodable (for example %s)", undecodable, examples[0])
	}
	return fmt.Errorf("cannot store %d of %d samples: %s; the others are stored, do not send them again", n, n+stored, why)
}

// readBody negotiates the message and reads, bounds and decompresses the body
// into buf.plain.
func (s *Sink) readBody(buf *bodies, w http.ResponseWriter, r *http.Request) (msg remoteapi.WriteMessageType, status int, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return "", http.StatusMethodNotAllowed, fmt.Errorf("cannot take %s: remote write is a POST", r.Method)
	}
	if msg, err = messageType(r.Header.Get("Content-Type")); err != nil {
		return "", http.StatusUnsupportedMediaType, err
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "snappy" {
		return "", http.StatusUnsupportedMediaType, fmt.Errorf("cannot read Content-Encoding %q: only snappy is accepted", enc)
	}
	limit := s.opts.MaxBodyBytes
	buf.wire, err = readAll(buf.wire[:0], http.MaxBytesReader(w, r.Body, int64(limit)), r.ContentLength, limit)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return "", http.StatusRequestEntityTooLarge, fmt.Errorf("cannot take the body: it is larger than %d bytes; send smaller batches", limit)
		}
		return "", http.StatusBadRequest, fmt.Errorf("cannot read the body: %w", err)
	}
	size, err := snappy.DecodedLen(buf.wire)
	if err != nil {
		return "", http.StatusBadRequest, fmt.Errorf("cannot decompress the body: %w", err)
	}
	if size > limit {
		return "", http.StatusRequestEntityTooLarge, fmt.Errorf("cannot take the body: decompressed it has %d bytes, the limit is %d; send smaller batches", size, limit)
	}
	if cap(buf.plain) < size {
		buf.plain = make([]byte, size)
	}
	if buf.plain, err = snappy.Decode(buf.plain[:cap(buf.plain)], buf.wire); err != nil {
		return "", http.StatusBadRequest, fmt.Errorf("cannot decompress the body: %w", err)
	}
	return msg, 0, nil
}

// messageType reads the Content-Type; none means version 1, as senders before
// 2.0 assumed.
func messageType(contentType string) (remoteapi.WriteMessageType, error) {
	if contentType == "" {
		return remoteapi.WriteV1MessageType, nil
	}
	msg, err := remoteapi.ParseProtoMsg(contentType)
	if err != nil {
		return "", fmt.Errorf("cannot read Content-Type: %w", err)
	}
	return msg, nil
}

// readAll reads r to its end into buf, which it grows once if the size is known.
func readAll(buf []byte, r io.Reader, size int64, limit int) ([]byte, error) {
	if want := int(min(size, int64(limit))) + 1; cap(buf) < want {
		buf = make([]byte, 0, want)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
