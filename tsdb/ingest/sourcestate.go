package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Where a source begins: a small file remembers how far the last run came. What
// the store already holds of a series is skipped in any case (Source.take), so
// the file only saves reading.

// start returns where to begin: History ago, or where the last run ended.
func (s *Source) start() int64 {
	now := s.now().UnixMilli()
	if s.opts.History < 0 {
		return now
	}
	return max(now-s.opts.History.Milliseconds(), min(now, s.loadState()))
}

// loadState returns how far the last run came; 0 if that is not known.
func (s *Source) loadState() int64 {
	if s.opts.State == "" {
		return 0
	}
	text, err := os.ReadFile(s.opts.State)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	at, perr := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err = errors.Join(err, perr); err != nil {
		s.failed(fmt.Errorf("cannot read state %s: %w; reading all of the history again", s.opts.State, err))
		return 0
	}
	return at
}

// saveState remembers how far this run came. Losing it costs a second reading,
// so it is not synced to the disk.
func (s *Source) saveState() {
	if s.opts.State == "" {
		return
	}
	temp := s.opts.State + ".tmp"
	err := os.WriteFile(temp, []byte(strconv.FormatInt(s.upTo, 10)+"\n"), 0o644)
	if err == nil {
		err = os.Rename(temp, s.opts.State)
	}
	if err != nil {
		s.failed(fmt.Errorf("cannot write state %s: %w; a restart will read the history again", s.opts.State, err))
	}
}
