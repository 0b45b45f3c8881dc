package plan

// Programs is what is planned for the programs of scoring and updating, by the first part of their names: without what lies on the devices but is
// none of their inputs or outputs.
func Programs(j Job) map[string]int64 {
	j = j.prepared()
	backward, adam := j.backward(), j.adam()
	scoring, frozen := j.scoring(), j.weights(j.FSDP)-j.width()*j.trained(j.FSDP)
	return map[string]int64{"score": scoring.Total() - scoring.Of(Optimizer) - scoring.Of(Reference), "gradients": backward.Total() - backward.Of(Optimizer) - backward.Of(Reference), "adamw": adam.Total() - adam.Of(Reference) - frozen}
}

// RolloutPrograms is what is planned for the programs of generating, with the weights.
func RolloutPrograms(j Job) map[string]int64 {
	j = j.prepared()
	decode, insert := j.decode(), j.insert()
	return map[string]int64{"decode": decode.Total() - decode.Of(Optimizer), "insert": insert.Total() - insert.Of(Optimizer)}
}
