package offline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bellwether-ts/bellwether/detect/custom"
)

// LoadDetectors reads and compiles the files of users' detectors that the
// patterns name; a relative pattern is relative to dir. Every fault of every
// file is reported at once.
func LoadDetectors(patterns []string, dir string) ([]*custom.Detector, error) {
	var all []*custom.Detector
	var errs []error
	read := map[string]bool{}
	for _, pattern := range patterns {
		path := pattern
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		files, err := filepath.Glob(path)
		if err == nil && len(files) == 0 {
			err = errors.New("no file matches")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read detectors %q: %w; fix the path", pattern, err))
		}
		for _, file := range files {
			if read[file] {
				continue // Two patterns name it.
			}
			read[file] = true
			src, err := os.ReadFile(file)
			if err != nil {
				errs = append(errs, fmt.Errorf("cannot read detectors: %w", err))
				continue
			}
			detectors, err := custom.Parse(file, src)
			errs = append(errs, err)
			all = append(all, detectors...)
		}
	}
	errs = append(errs, custom.Unique(all))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all, nil
}
