package report

import "errors"

var errNotYet = errors.New("cannot write this form of a report: not built yet")

func (r *Report) html() ([]byte, error)  { return nil, errNotYet }
func (r *Report) markdown() string       { return "" }
func (r *Report) junit() ([]byte, error) { return nil, errNotYet }
func (r *Report) commands() string       { return "" }
func (r *Report) outputs() string        { return "" }
