package alarm

import "fmt"

// signalRules look at what there is to learn from.
var signalRules = []rule{
	{
		name: "equal_groups",
		why:  "Where all rollouts of a problem earn the same, their advantage is 0: they teach nothing, and loss and gradient shrink towards 0 though nothing is broken",
		try:  "problems nearer to what the model can do (curriculum.kind = \"adarft\"), train.dynamic = true, a larger train.group_size or a higher rollout.temperature",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.Answer.Equal, f.Answer.Groups, o.EqualGroups) {
				return ""
			}
			return fmt.Sprintf("in %s of the groups all answers earn the same, the limit is %s; %s; loss %.4g, gradient norm %.4g",
				share(f.Answer.Equal, f.Answer.Groups), percent(o.EqualGroups), f.spread(), f.Loss, f.GradNorm)
		},
	},
	{
		name: "zero_gradient",
		why:  "An update without a gradient changes the weights by weight decay alone",
		try:  "where all groups are equal, what equal_groups advises; else look at the clip fractions, at weights of 0 in the configuration, and at what is trained (model.lora_rank)",
		see: func(o Options, _ []Figures, f Figures) string {
			if o.EqualGroups < 0 || f.Updates == f.NotFinite || f.GradNorm != 0 {
				return ""
			}
			reason := "though not all groups are equal"
			if f.Answer.Groups > 0 && f.Answer.Equal == f.Answer.Groups && f.Confidence.Equal == f.Confidence.Groups {
				reason = "because all groups are equal"
			}
			return fmt.Sprintf("the gradient is exactly 0, %s (%s)", reason, f.spread())
		},
	},
	{
		name: "not_finite",
		why:  "Such an update is skipped, its batch kept for inspection; several in a row end the run",
		try:  "a lower optimizer.lr or optimizer.clip_norm, model.float_head = true with bfloat16, and a look at the kept batch",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.NotFinite, f.Updates, o.NotFinite) {
				return ""
			}
			return fmt.Sprintf("%s of the updates had a gradient that is not finite", share(f.NotFinite, f.Updates))
		},
	},
}

// spread describes the advantages of both streams.
func (f Figures) spread() string {
	text := "answer advantage " + f.Answer.text()
	if f.Confidence.Groups > 0 {
		text += ", confidence advantage " + f.Confidence.text()
	}
	return text
}

func (a Advantages) text() string {
	return fmt.Sprintf("%.3g ± %.3g with %d of %d groups equal", a.Mean, a.Std, a.Equal, a.Groups)
}
