package canary

import "errors"

// ParseRequest reads the request JSON of the offline command. Unknown fields
// are refused with the nearest known name, and every error is reported at once.
func ParseRequest(data []byte) (Request, error) {
	return Request{}, errors.New("cannot read request: not built yet")
}
