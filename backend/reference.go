package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// Reference is a model as it was when it was frozen. It scores batches and does nothing else. It is not safe for concurrent use.
type Reference struct {
	copied *reference.Copy
	at     []int // of the copied weights among the model's; the others are shared, since nothing trains them
	model  *Model
	shared *shared       // the model's when it was frozen
	live   []*mesh.Array // the model's weights
}

// Freeze keeps the model's weights as they are now, as the reference policy of its training. Of a model with adapters only what is trained is
// copied. An empty placement takes reference.Default.
func (m *Model) Freeze(p reference.Placement) (*Reference, error) {
	if m.weights == nil {
		return nil, errors.New("freeze: the model was released")
	}
	if p == "" {
		p = reference.Default(m.Devices())
	}
	r := &Reference{model: m, shared: m.shared, live: m.weights}
	var trained []*mesh.Array
	for i, param := range m.Config.Params() {
		if m.Config.Trainable(param) {
			r.at, trained = append(r.at, i), append(trained, m.weights[i])
		}
	}
	var err error
	if r.copied, err = reference.Freeze(m.mesh, trained, p); err != nil {
		return nil, fmt.Errorf("freeze %s: %w", m.Name, err)
	}
	return r, nil
}

// Placement tells where the copy lies.
func (r *Reference) Placement() reference.Placement { return r.copied.Placement() }

// Load brings a copy that is kept on the host to the devices, for a phase of many calls of Score. Other copies are there already.
func (r *Reference) Load(ctx context.Context) error { return r.copied.Load(ctx) }

// Unload frees the devices of a copy that is kept on the host.
func (r *Reference) Unload() { r.copied.Unload() }

// Release frees the copy. The model stays.
func (r *Reference) Release() { r.copied.Release() }

// Score computes log-probs and entropies of a batch's tokens as Model.Score does, but under the frozen weights and without values. A copy that
// is on the host and was not loaded is loaded for this call.
func (r *Reference) Score(ctx context.Context, b *learner.Batch, temperature float64, microRows int) (learner.Scores, error) {
	weights := make([]*mesh.Array, len(r.live))
	if len(r.at) < len(weights) {
		if r.model.shared != r.shared || r.model.weights == nil {
			return learner.Scores{}, errors.New("score under the reference policy: the model that it shares weights with got or lost adapters or a value head, or was released: freeze it afterwards")
		}
		copy(weights, r.live)
	}
	if !r.copied.Loaded() {
		if err := r.copied.Load(ctx); err != nil {
			return learner.Scores{}, err
		}
		defer r.copied.Unload()
	}
	for i, a := range r.copied.Arrays() {
		weights[r.at[i]] = a
	}
	scores, err := r.shared.scorer.Score(ctx, weights, b, temperature, microRows)
	scores.Values = nil
	if err != nil {
		return scores, fmt.Errorf("reference policy: %w", err)
	}
	return scores, nil
}
