package pipeline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bellwether-ts/bellwether/metric"
)

// What was said, kept over a restart: one file of JSON lines, a line synced
// before it is acknowledged. A line that cannot be read (a torn last one after a
// crash) is left out and counted.

// said is the memory of deploys and verdicts. It is safe for concurrent use.
type said struct {
	one      sync.Mutex // One remark at a time, from the question whether it is known to its effect.
	mu       sync.Mutex
	path     string // Empty: memory only.
	deploys  []Deploy
	verdicts []Verdict
	unread   int // Lines that could not be read at the start.
}

// remark is one line of the file.
type remark struct {
	Deploy  *Deploy  `json:"deploy,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
}

const (
	maxVerdicts   = 10_000  // Remembered; the oldest makes room.
	maxRemarkLine = 1 << 20 // Bytes.
)

// openSaid reads what was said in an earlier life, leaves out what is older
// than keptSaid, and writes the rest back whole.
func openSaid(dir string, now int64) (*said, error) {
	s := &said{}
	if dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the directory of detector state: %w", err)
	}
	path := filepath.Join(dir, "said.jsonl")
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read what was said of anomalies and deploys: %w", err)
	}
	s.read(data, now-keptSaid.Milliseconds())
	s.path = path
	return s, s.rewrite()
}

// read takes the lines of a file that are not older than an instant.
func (s *said) read(data []byte, oldest int64) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxRemarkLine)
	for lines.Scan() {
		var r remark
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || (r.Deploy == nil) == (r.Verdict == nil) {
			s.unread++
			continue
		}
		if d := r.Deploy; d != nil && d.effect() >= oldest {
			ms, err := metric.ParseMatchers(d.Matcher)
			if err != nil || len(ms) == 0 {
				s.unread++
				continue
			}
			d.matchers = ms
			s.deploys = append(s.deploys, *d)
		}
		if v := r.Verdict; v != nil && v.At >= oldest {
			s.verdicts = append(s.verdicts, *v)
		}
	}
	if lines.Err() != nil {
		s.unread++
	}
	s.bound()
}

func (s *said) bound() {
	s.deploys = slices.Clone(s.deploys[max(0, len(s.deploys)-maxDeploys):])
	s.verdicts = slices.Clone(s.verdicts[max(0, len(s.verdicts)-maxVerdicts):])
}

// rewrite replaces the file by what is remembered.
func (s *said) rewrite() error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i := range s.deploys {
		if err := enc.Encode(remark{Deploy: &s.deploys[i]}); err != nil {
			return fmt.Errorf("cannot encode a deploy: %w", err)
		}
	}
	for i := range s.verdicts {
		if err := enc.Encode(remark{Verdict: &s.verdicts[i]}); err != nil {
			return fmt.Errorf("cannot encode a verdict: %w", err)
		}
	}
	return replaceFile(s.path, b.Bytes())
}

// replaceFile leaves the old file or the whole new one, also after a crash.
func replaceFile(path string, data []byte) error {
	err := writeSynced(path+".new", data)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w; is there room on the disk?", path, err)
	}
	return nil
}

// keep appends a remark and syncs it.
func (s *said) keep(r remark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(r)
}

// append writes a remark; the caller holds mu.
func (s *said) append(r remark) error {
	if s.path != "" {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("cannot encode what was said: %w", err)
		}
		f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("cannot keep what was said: %w", err)
		}
		_, err = f.Write(append(line, '\n'))
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("cannot keep what was said: %w; is there room on the disk?", err)
		}
	}
	if r.Deploy != nil {
		s.deploys = append(s.deploys, *r.Deploy)
	} else {
		s.verdicts = append(s.verdicts, *r.Verdict)
	}
	s.bound()
	return nil
}

// stamp returns the instant of a new remark: now, and after every earlier one,
// so that the order of remarks is that of their instants. The caller holds one.
func (s *said) stamp(now int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.deploys); n > 0 {
		now = max(now, s.deploys[n-1].Given+1)
	}
	if n := len(s.verdicts); n > 0 {
		now = max(now, s.verdicts[n-1].At+1)
	}
	return now
}

// deploy keeps a deploy and tells the detectors, unless it is known.
func (s *said) deploy(p *Pipeline, d Deploy) (Deploy, error) {
	s.one.Lock()
	defer s.one.Unlock()
	s.mu.Lock()
	i := slices.IndexFunc(s.deploys, func(k Deploy) bool { return k.ID == d.ID })
	if i >= 0 {
		d = s.deploys[i]
	}
	s.mu.Unlock()
	if i >= 0 {
		return d, nil
	}
	d.Given = s.stamp(d.Given)
	d.Series = p.countSeries(d.matchers)
	if err := s.keep(remark{Deploy: &d}); err != nil {
		return Deploy{}, err
	}
	p.tellDeploy(d, max(d.Given, p.Now().UnixMilli()))
	return d, nil
}

// retell hands everything that was said in an earlier life to fresh watches.
func (p *Pipeline) retell() {
	for _, d := range p.said.deploys {
		p.tellDeploy(d, minInstant)
	}
	for _, v := range p.said.verdicts {
		p.Anomalies.judge(v)
		for i := range p.watches {
			p.watches[i].SayVerdict(0, v, minInstant)
		}
	}
	if p.said.unread > 0 {
		p.opts.Log.Warn("some of what was said of anomalies and deploys cannot be read and is left out", "lines", p.said.unread, "file", p.said.path)
	}
}

// minInstant is before everything.
const minInstant = -int64(time.Hour/time.Millisecond) * 24 * 365 * 1000
