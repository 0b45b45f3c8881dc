package plan

const (
	// sampleCopies is how many arrays of the size of a step's logits exist while tokens are sampled, those kept from step to step included.
	sampleCopies = 4
	// insertArrays is how many arrays of the size of one layer's keys exist beside the cache while prompts are put into free slots:
	// package engine fills one after the other.
	insertArrays = 4
)

// rollout is the highest point of generating: prompts are put into slots whose cache is as long as prompt and response.
func (j Job) rollout() Memory {
	if j.OtherRollout {
		return Memory{At: "waiting", Items: j.resident()}
	}
	decode, insert := j.decode(), j.insert()
	if insert.Total() > decode.Total() {
		return insert
	}
	return decode
}

// decode is a step of all slots.
func (j Job) decode() Memory {
	items := append(j.resident(), Item{Cache, j.cacheBytes()}, Item{Logits, sampleCopies * j.stepLogits()})
	if j.FSDP && j.Devices > 1 {
		items = append(items, Item{Temporaries, j.width() * j.layerParameters()}) // gathered
	}
	return Memory{At: "decode", Items: items}
}

// insert is the filling of free slots.
func (j Job) insert() Memory {
	return Memory{At: "filling slots", Items: append(j.resident(), Item{Cache, j.cacheBytes()}, Item{Logits, j.stepLogits()},
		Item{Temporaries, insertArrays * j.cacheBytes() / int64(2*j.Model.Layers)})}
}

// slots is what one device decodes at once.
func (j Job) slots() int64 { return int64(j.perDevice(min(j.Slots, j.Responses))) }

// cacheBytes is the KV cache of one device. Package engine rounds its length up to a power of two, or one and a half of one.
func (j Job) cacheBytes() int64 {
	columns := 16
	for columns < j.seq() {
		if columns+columns/2 >= j.seq() {
			columns += columns / 2
			break
		}
		columns *= 2
	}
	return j.slots() * int64(columns) * j.cacheToken()
}

// stepLogits is the logits of one step, in float32.
func (j Job) stepLogits() int64 { return j.slots() * int64(j.Model.VocabSize) * 4 }
