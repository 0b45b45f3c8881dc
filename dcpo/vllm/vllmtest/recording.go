package vllmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
)

// Recording is a request to vLLM and its answer.
type Recording struct {
	Name    string
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status      int
		ContentType string `json:"content_type"`
		Body        json.RawMessage
	}
}

// Recordings reads those in a folder; an error that wraps fs.ErrNotExist when there is none.
func Recordings(dir string) ([]Recording, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Recording
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		r := Recording{Name: name}
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", name, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Body is the recorded answer as it was sent: bodies that were no JSON are recorded as strings.
func (r *Recording) Body() []byte {
	var text string
	if json.Unmarshal(r.Response.Body, &text) == nil && r.Response.ContentType != "application/json" {
		return []byte(text)
	}
	return r.Response.Body
}

// Replay starts a server that gives the recorded answer to every request with the recorded method and path, and status 404 to others. It
// tells asked of each request. Close it.
func (r *Recording) Replay(asked func(Asked)) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var body json.RawMessage
		_, err := read(q, &body)
		asked(Asked{q.Method, q.URL.RequestURI(), body})
		if err != nil || q.Method != r.Request.Method || q.URL.RequestURI() != r.Request.Path {
			complain(w, http.StatusNotFound, "not recorded")
			return
		}
		if r.Response.ContentType != "" {
			w.Header().Set("Content-Type", r.Response.ContentType)
		}
		w.WriteHeader(r.Response.Status)
		_, _ = w.Write(r.Body())
	}))
}
