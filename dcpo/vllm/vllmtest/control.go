package vllmtest

import (
	"net/http"
	"os"
	"path/filepath"
)

// Trick is how a server fails to take over new weights.
type Trick string

const (
	NoTrick Trick = ""
	Stale   Trick = "stale"   // it says that it has loaded the weights, and has not
	Dying   Trick = "dying"   // loading fails, and with it the server
	Stuck   Trick = "stuck"   // it does not resume
	NoCache Trick = "nocache" // it cannot forget what it remembers of the old weights
	NoDev   Trick = "nodev"   // it has no such endpoints: VLLM_SERVER_DEV_MODE is not set
	NoLabel Trick = "nolabel" // it keeps no label of its weights
)

// Play makes the server play a trick from now on.
func (s *Server) Play(t Trick) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trick = t
}

// Restart makes the server forget weights and label, as one that was started again.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.weights, s.label, s.paused, s.trick = "", "default", false, NoTrick
}

// Weights is the path that was loaded last, "" at the start.
func (s *Server) Weights() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.weights
}

// Paused tells whether the server was paused and not resumed.
func (s *Server) Paused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}

// control adds the endpoints of vLLM's development mode.
func (s *Server) control(mux *http.ServeMux) {
	for pattern, handle := range map[string]func(w http.ResponseWriter, body map[string]any){
		"POST /pause":                 s.pause,
		"POST /resume":                s.resume,
		"POST /collective_rpc":        s.reload,
		"POST /reset_prefix_cache":    s.resetCache,
		"POST /update_weight_version": s.setLabel,
		"GET /weight_info":            s.getLabel,
		"GET /health":                 s.health,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			var body map[string]any
			text, err := read(r, &body)
			s.note(r, text)
			s.mu.Lock()
			defer s.mu.Unlock()
			switch {
			case err != nil:
				complain(w, http.StatusBadRequest, err.Error())
			case s.trick == NoDev && r.URL.Path != "/health":
				send(w, http.StatusNotFound, map[string]any{"detail": "Not Found"})
			default:
				handle(w, body)
			}
		})
	}
}

func (s *Server) pause(w http.ResponseWriter, _ map[string]any) {
	s.paused = true
	send(w, http.StatusOK, map[string]any{"status": "paused"})
}

func (s *Server) resume(w http.ResponseWriter, _ map[string]any) {
	if s.trick == Stuck {
		complain(w, http.StatusInternalServerError, "cannot resume")
		return
	}
	s.paused = false
	send(w, http.StatusOK, map[string]any{"status": "resumed"})
}

// reload loads weights: a folder that must hold model.safetensors.
func (s *Server) reload(w http.ResponseWriter, body map[string]any) {
	args, _ := body["kwargs"].(map[string]any)
	path, _ := args["weights_path"].(string)
	_, err := os.Stat(filepath.Join(path, "model.safetensors"))
	switch {
	case body["method"] != "reload_weights":
		complain(w, http.StatusInternalServerError, "Call to collective_rpc method failed: no such method")
		return
	case err != nil:
		complain(w, http.StatusInternalServerError,
			"Call to collective_rpc method failed: Worker failed with error 'Repo id must be in the form 'repo_name' or 'namespace/repo_name': '<path>'.")
		return
	case s.trick == Dying:
		complain(w, http.StatusInternalServerError, "EngineCore encountered an issue. See stack trace (above) for the root cause.")
		return
	case s.trick != Stale:
		s.weights = path
	}
	send(w, http.StatusOK, map[string]any{"results": []any{nil}})
}

func (s *Server) resetCache(w http.ResponseWriter, _ map[string]any) {
	send(w, http.StatusOK, map[string]any{"success": s.trick != NoCache})
}

func (s *Server) setLabel(w http.ResponseWriter, body map[string]any) {
	if s.trick == NoLabel {
		send(w, http.StatusNotFound, map[string]any{"detail": "Not Found"})
		return
	}
	s.label, _ = body["new_version"].(string)
	send(w, http.StatusOK, map[string]any{"success": true, "new_version": s.label})
}

func (s *Server) getLabel(w http.ResponseWriter, _ map[string]any) {
	if s.trick == NoLabel {
		send(w, http.StatusNotFound, map[string]any{"detail": "Not Found"})
		return
	}
	send(w, http.StatusOK, map[string]any{"weight_version": s.label})
}

func (s *Server) health(w http.ResponseWriter, _ map[string]any) {
	if s.trick == Dying {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
