package serve

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

// requestIDHeader carries a request's name, the client's own or one made here; answers repeat it.
const requestIDHeader = "X-Request-Id"

// ownID is what a client may call its request.
var ownID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// endpoint is a handler whose error becomes the answer.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// routes builds the handler of all paths.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	on := func(method, path string, e endpoint) {
		mux.Handle(path, s.endpoint(method, e))
	}
	on("POST", "/v1/chat/completions", s.chat)
	on("POST", "/v1/completions", s.completions)
	on("GET", "/v1/models", s.models)
	on("GET", "/v1/models/{name...}", s.model)
	on("POST", "/tokenize", s.tokenize)
	on("POST", "/detokenize", s.detokenize)
	on("GET", "/health", s.health)
	on("GET", "/version", s.version)
	on("GET", "/metrics", s.metrics.answer)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_ = s.writeJSON(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
	})
	// Browsers send their users' requests to any address, this machine's included: those of other sites are refused.
	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeError(w, &apiError{status: http.StatusForbidden, kind: "PermissionDeniedError", message: "Requests from web pages of other sites are refused."})
	}))
	return s.observe(s.authorize(sameSite.Handler(mux)))
}

// endpoint answers one method of a path.
func (s *Server) endpoint(method string, e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && !(method == http.MethodGet && r.Method == http.MethodHead) {
			w.Header().Set("Allow", method)
			_ = s.writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"detail": "Method Not Allowed"})
			return
		}
		if err := e(w, r); err != nil && !gone(r.Context(), err) {
			s.writeError(w, err)
		}
	})
}

// writeError answers with an error, unless the answer has begun.
func (s *Server) writeError(w http.ResponseWriter, err error) {
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		s.log.Info("answer broken off", "request", w.Header().Get(requestIDHeader), "error", err)
		return
	}
	e := asAPIError(err, s.log)
	_ = s.writeJSON(w, e.status, e)
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// observe names, logs and counts requests, and answers for handlers that panic.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := r.Header.Get(requestIDHeader)
		if !ownID.MatchString(id) {
			id = randomID()
		}
		w.Header().Set(requestIDHeader, id)
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.log.Error("request panicked", "request", id, "panic", p, "stack", string(debug.Stack()))
				s.writeError(rec, errors.New("panic"))
			}
			status := rec.status
			if status == 0 {
				status = 499 // nobody waited for the answer; the number is nginx's
			}
			s.metrics.answered(r.Pattern, status)
			s.log.Info("request", "id", id, "method", r.Method, "path", r.URL.Path, "status", status, "seconds", time.Since(start).Seconds())
		}()
		next.ServeHTTP(rec, r)
	})
}

// keyless lists the paths that ask for no key: probes and scrapers have none.
var keyless = map[string]bool{"/health": true, "/version": true, "/metrics": true}

// authorize asks for the API key, if there is one.
func (s *Server) authorize(next http.Handler) http.Handler {
	if s.opt.APIKey == "" {
		return next
	}
	want := sha256.Sum256([]byte(s.opt.APIKey))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(key))) // equal lengths, so that the time tells nothing
		if !keyless[r.URL.Path] && (subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !strings.EqualFold(scheme, "Bearer")) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			_ = s.writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "Unauthorized"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// body reads a request's JSON object.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (*fields, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return nil, &apiError{status: http.StatusBadRequest, kind: "Bad Request", message: "Unsupported Media Type: Only 'application/json' is allowed"}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(s.opt.ReadTimeout))
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody))
	_ = control.SetReadDeadline(time.Time{}) // the connection is watched for its end while the answer is made
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &apiError{status: http.StatusRequestEntityTooLarge, kind: "RequestEntityTooLargeError",
			message: "The request is larger than this server takes: shorten it or split it."}
	case err != nil:
		return nil, badRequest("The request ended early: %s", err)
	}
	return parseFields(text)
}

// marshal writes JSON with <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// writeJSON answers with a value.
func (s *Server) writeJSON(w http.ResponseWriter, status int, v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.opt.WriteTimeout + time.Duration(len(text)>>20)*time.Second))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}

// newHead names an answer after its request.
func (s *Server) newHead(prefix string, w http.ResponseWriter) head {
	return head{ID: prefix + w.Header().Get(requestIDHeader), Created: time.Now().Unix(), Model: s.opt.Name}
}

// randomID makes a name of 16 hexadecimal digits.
func randomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
