package plan

import "github.com/dcpo-go/godcpo/backend/reference"

// A forward pass keeps nothing for later, so its highest point is the widest place of one layer, or the logits. The counts were found from XLA's
// statistics, as those of the backward pass.
const (
	// scoreLogits is how many arrays of the size of a block of logits exist while log-probs and entropies are computed.
	scoreLogits = 3
	// scoreIntermediate is how many arrays of the feed-forward's width exist in a layer, beside scoreHidden of the model's.
	scoreIntermediate, scoreHidden = 4, 1.3
	// scoreScores is how many arrays of the size of the attention's scores exist, beside scoreQuery of the queries' and one of the model's width.
	scoreScores, scoreQuery = 2, 2
)

// scoring is the highest point of computing log-probs, as many rows at a time as a backward pass takes. A reference policy that lives on the
// host is on the devices then.
func (j Job) scoring() Memory {
	rows := int64(j.perDevice(j.microRows()))
	c, tokens, width := j.Model, float64(rows*int64(j.seq())), float64(j.width())
	feedForward := tokens * width * (scoreIntermediate*float64(c.IntermediateSize) + scoreHidden*float64(c.HiddenSize))
	attention := tokens * width * (scoreQuery*float64(c.Heads*c.HeadDim) + float64(c.HiddenSize))
	if !j.Flash {
		attention += tokens * scoreScores * float64(c.Heads*j.seq()) * 4 // float32 whatever the weights are
	}
	token := int64(c.VocabSize) * 4
	logits := scoreLogits * min(rows*int64(j.Response), max(1, logitBytes/token)) * token
	items := j.resident()
	if j.Reference == reference.Host {
		items = append(items, Item{Reference, j.width() * j.trained(true)})
	}
	if activations := int64(max(feedForward, attention)); activations > logits {
		items = append(items, Item{Activations, activations})
	} else {
		items = append(items, Item{Logits, logits})
	}
	if j.Devices > 1 && (j.FSDP || j.Reference == reference.Sharded || j.Reference == reference.Host) {
		items = append(items, Item{Temporaries, j.width() * j.layerParameters()}) // gathered
	}
	return Memory{At: "scoring", Items: items}
}

// hostLink is the bandwidth between a device and the host's memory in one direction, in bytes a second: sixteen lanes of PCIe 4.
const hostLink = 32e9

// scoringExchange is the time in which scoring a step's responses moves weights: those that are cut are gathered for each pass, and those on
// the host come to the devices once.
func (j Job) scoringExchange() (seconds float64) {
	n := float64(j.Devices)
	passes := float64((j.Responses + j.microRows() - 1) / j.microRows())
	gather := func(parameters int64) float64 {
		return passes * float64(j.width()*parameters) * (n - 1) / n / (j.Device.Link * j.Assume.Bandwidth)
	}
	if j.FSDP {
		seconds += gather(j.parameters(false))
		if j.Reference != "" {
			seconds += gather(j.parameters(false))
		}
	} else if j.Reference == reference.Sharded || j.Reference == reference.Host {
		seconds += gather(j.trained(false))
	}
	if j.Reference == reference.Host {
		seconds += float64(j.width()*j.trained(true)) / (hostLink * j.Assume.Bandwidth)
	}
	return seconds
}
