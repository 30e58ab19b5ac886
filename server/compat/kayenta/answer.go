package kayenta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// How requests are read and answered: JSON both ways, errors as Kayenta gives
// them ({"message": ...}), with the status that says whose turn it is.

// handler answers a request with a value, written as JSON; nil is an empty body.
type handler func(*http.Request) (any, error)

// status is an answer with another status than 200.
type status struct {
	code int
	body any
}

// serve writes what a handler answers.
func (s *Service) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxObject)
		body, err := h(r)
		code := http.StatusOK
		if st, ok := body.(status); ok {
			code, body = st.code, st.body
		}
		if err != nil {
			code, body = statusOf(err), map[string]any{"message": err.Error()}
			if code == http.StatusInternalServerError {
				s.o.Log.Error("a Kayenta request failed", "method", r.Method, "path", r.URL.Path, "err", err)
			}
		}
		if text, ok := body.(string); ok {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, text) // The reader is gone: there is nobody to tell.
			return
		}
		if code == http.StatusNoContent {
			w.WriteHeader(code)
			return
		}
		data, err := encode(body)
		if err != nil {
			code, data = http.StatusInternalServerError, []byte(`{"message":"cannot write the answer as JSON"}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write(data) // The reader is gone: there is nobody to tell.
	})
}

func statusOf(err error) int {
	switch {
	case errors.As(err, new(notFound)):
		return http.StatusNotFound
	case errors.As(err, new(refused)):
		return http.StatusBadRequest
	case errors.As(err, new(full)):
		return http.StatusInsufficientStorage
	case errors.As(err, new(busy)):
		return http.StatusTooManyRequests
	case errors.As(err, new(*http.MaxBytesError)):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// busy asks to come again later.
type busy struct{ error }

// encode writes JSON without the escapes meant for HTML.
func encode(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("cannot write JSON: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// read returns the body of a request.
func read(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("cannot read the request: %w", err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, refuse("cannot read the request: its body is empty, a JSON document is expected")
	}
	return data, nil
}

// decode reads JSON, unknown fields ignored as Kayenta does.
func decode(data []byte, what string, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return refuse("cannot read %s: %w", what, err)
	}
	return nil
}

// unknownFields lists the keys of a JSON object that are not known, with the
// nearest known one.
func unknownFields(data []byte, known ...string) []string {
	var m map[string]json.RawMessage
	if json.Unmarshal(data, &m) != nil {
		return nil
	}
	return unknownOf(m, known)
}

// wantsPage says whether a request is a browser's.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
