package serve

import (
	"net/http"
	"slices"
)

// checkModel reads the field model, which may be left out.
func (s *Server) checkModel(f *fields) error {
	var name string
	if !f.string("model", &name) || name == "" || s.knows(name) {
		return f.err()
	}
	return notFound("model", "The model `%s` does not exist. Valid aliases: %s.", shorten(name), s.opt.Name)
}

func (s *Server) knows(name string) bool {
	return name == s.opt.Name || slices.Contains(s.opt.Aliases, name)
}

// modelCard describes a model.
type modelCard struct {
	ID          string  `json:"id"`
	Object      string  `json:"object"`
	Created     int64   `json:"created"`
	OwnedBy     string  `json:"owned_by"`
	Root        string  `json:"root"`
	Parent      *string `json:"parent"`
	MaxModelLen int     `json:"max_model_len"`
}

func (s *Server) card(name string) modelCard {
	return modelCard{ID: name, Object: "model", Created: s.started.Unix(), OwnedBy: "godcpo", Root: s.opt.Name, MaxModelLen: s.opt.MaxModelLen}
}

// models answers GET /v1/models.
func (s *Server) models(w http.ResponseWriter, _ *http.Request) error {
	var cards []modelCard
	for _, name := range append([]string{s.opt.Name}, s.opt.Aliases...) {
		cards = append(cards, s.card(name))
	}
	return s.writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": cards})
}

// model answers GET /v1/models/NAME; a name may hold slashes.
func (s *Server) model(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if !s.knows(name) {
		return notFound("model", "The model `%s` does not exist. Valid aliases: %s.", shorten(name), s.opt.Name)
	}
	return s.writeJSON(w, http.StatusOK, s.card(name))
}

// health answers GET /health: 200, or 503 when the engine failed at the last request.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	if s.broken.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		w.WriteHeader(http.StatusOK)
	}
	return nil
}

// version answers GET /version.
func (s *Server) version(w http.ResponseWriter, _ *http.Request) error {
	return s.writeJSON(w, http.StatusOK, map[string]string{"version": s.opt.Version})
}
