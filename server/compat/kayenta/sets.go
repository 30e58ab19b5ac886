package kayenta

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// Stored documents that are put, listed, read and deleted as they are: metric
// set lists, pair lists, archived results.

func (s *Service) listObjects(f *files) handler {
	return func(*http.Request) (any, error) { return f.keys(), nil }
}

func (s *Service) getObject(f *files) handler {
	return func(r *http.Request) (any, error) {
		data, err := f.get(r.PathValue("id"))
		return json.RawMessage(data), err
	}
}

func (s *Service) deleteObject(f *files) handler {
	return func(r *http.Request) (any, error) {
		return status{code: http.StatusNoContent}, f.remove(r.PathValue("id"))
	}
}

// putObject keeps a new document and answers its id.
func (s *Service) putObject(f *files, idField string, list bool) handler {
	return func(r *http.Request) (any, error) {
		data, err := readDocument(r, list)
		if err != nil {
			return nil, err
		}
		id := newUUID()
		if given := r.FormValue("pipelineId"); idField == "pipelineId" && given != "" {
			id = given
			if f.has(id) {
				return nil, refuse("cannot keep %s %q: there is one of that id; replace it with PUT", f.what, id)
			}
		}
		return map[string]string{idField: id}, f.put(id, data)
	}
}

func (s *Service) replaceObject(f *files, idField string) handler {
	return func(r *http.Request) (any, error) {
		id := r.PathValue("id")
		if !f.has(id) {
			return nil, refuse("cannot replace %s %q: there is none of that id", f.what, id)
		}
		data, err := readDocument(r, false)
		if err != nil {
			return nil, err
		}
		return map[string]string{idField: id}, f.put(id, data)
	}
}

// readDocument reads a JSON array or object.
func readDocument(r *http.Request, list bool) ([]byte, error) {
	data, err := read(r)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimSpace(data)
	if list {
		return data, decode(data, "the list", new([]json.RawMessage))
	}
	var m map[string]json.RawMessage
	if err := decode(data, "the document", &m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, refuse("cannot read the document: it is null")
	}
	return data, nil
}

// readPairs reads a stored pair list.
func (s *Service) readPairs(id string) ([]kayenta.Pair, error) {
	data, err := s.pairs.get(id)
	if err != nil {
		return nil, err
	}
	pairs := []kayenta.Pair{}
	return pairs, decode(data, "metric set pair list "+id, &pairs)
}

// getPair reads one pair of a stored list.
func (s *Service) getPair(r *http.Request) (any, error) {
	data, err := s.pairs.get(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var pairs []json.RawMessage
	if err := decode(data, "the pair list", &pairs); err != nil {
		return nil, err
	}
	for _, raw := range pairs {
		var head struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &head) == nil && head.ID == r.PathValue("pair") {
			return raw, nil
		}
	}
	return nil, notFound{refuse("cannot find pair %.60q in list %q", r.PathValue("pair"), r.PathValue("id"))}
}
