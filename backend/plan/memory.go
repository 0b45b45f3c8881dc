package plan

import (
	"slices"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// Item is one use of a device's memory.
type Item struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Memory is what a device holds at the highest point of a phase.
type Memory struct {
	// At says which program runs at that point.
	At    string `json:"at"`
	Items []Item `json:"items"`
}

// Total is the sum of the items.
func (m Memory) Total() int64 {
	var sum int64
	for _, i := range m.Items {
		sum += i.Bytes
	}
	return sum
}

// Of is the bytes of the item of that name; 0 without one.
func (m Memory) Of(name string) int64 {
	for _, i := range m.Items {
		if i.Name == name {
			return i.Bytes
		}
	}
	return 0
}

// The items of a plan.
const (
	Weights     = "weights"
	Reference   = "reference weights"
	Optimizer   = "optimizer state"
	Gradients   = "gradients"
	Cache       = "KV cache"
	Activations = "activations"
	Logits      = "logits"
	Temporaries = "temporaries"
)

// ItemNames lists the items in the order of plans.
func ItemNames() []string {
	return []string{Weights, Reference, Optimizer, Gradients, Cache, Activations, Logits, Temporaries}
}

// resident is what a device holds all the time.
func (j Job) resident() []Item {
	items := []Item{{Weights, j.weights(j.FSDP)}}
	switch j.Reference {
	case reference.Resident:
		items = append(items, Item{Reference, j.width() * j.trained(j.FSDP)})
	case reference.Sharded:
		items = append(items, Item{Reference, j.width() * j.trained(true)})
	}
	return append(items, Item{Optimizer, int64(4*j.stateKinds()) * j.trained(true)})
}

// parameters counts the weights that a device holds: all of them, or its share where they are cut along an axis that the devices
// divide (as mesh.ShardFor does).
func (j Job) parameters(cut bool) int64 { return j.count(j.params, cut) }

// trained counts those of them that learning changes.
func (j Job) trained(cut bool) int64 { return j.count(j.trainable(), cut) }

// trainable lists the parameters that learning changes.
func (j Job) trainable() []decoder.Param {
	return slices.DeleteFunc(slices.Clone(j.params), func(p decoder.Param) bool { return !j.Model.Trainable(p) })
}

func (j Job) count(params []decoder.Param, cut bool) (n int64) {
	for _, p := range params {
		size := int64(p.Size())
		if cut && j.Devices > 1 {
			for _, d := range p.Dims {
				if d >= j.Devices && d%j.Devices == 0 {
					size /= int64(j.Devices)
					break
				}
			}
		}
		n += size
	}
	return n
}

func (j Job) weights(cut bool) int64 { return j.width() * j.parameters(cut) }

// stateKinds is the number of float32 values that the optimizer keeps of a weight: two moments, and a master copy of a bfloat16 weight.
func (j Job) stateKinds() int {
	if j.BFloat16 {
		return 3
	}
	return 2
}

// cacheToken is the bytes of a position in the KV cache.
func (j Job) cacheToken() int64 {
	return int64(2*j.Model.Layers*j.Model.KVHeads*j.Model.HeadDim) * j.width()
}
