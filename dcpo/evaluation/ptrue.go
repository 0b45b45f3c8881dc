package evaluation

import (
	"fmt"
	"math"
	"strings"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
)

// checkText asks a model to judge an answer, as P(True) does (Kadavath et al., "Language Models (Mostly) Know What They Know", arXiv 2207.05221): the
// question and the proposed answer, without the reasoning that led to it. %s are the two.
const checkText = "Question: %s\n\nProposed answer: %s\n\nIs the proposed answer true or false? Reply with one word, True or False."

// checks are the open questions whether answers are true: one for each answer in the journal in which the grader finds one. The problems must be
// those of the options.
func checks(o Options, j *journal.Journal) (*plan, error) {
	p := &plan{run: newRun(o)}
	asked := map[[2]string]*journal.Problem{}
	for i, b := range o.Benchmarks {
		list := problems(b, o.Limit)
		p.run.Sets = append(p.run.Sets, journal.RunSet{Benchmark: b.Name, Problems: len(list)})
		for k := range list {
			asked[[2]string{o.Benchmarks[i].Name, list[k].ID}] = &list[k]
		}
	}
	wanted := map[string]bool{}
	for _, prompt := range o.prompts() {
		wanted[string(prompt)] = true
	}
	_, err := journal.Read(o.Dir, func(*journal.Problem) {}, func(a *journal.Answer, at int64) error {
		problem := asked[[2]string{a.Benchmark, a.Problem}]
		if a.Check || problem == nil || a.Sample >= o.Samples || !wanted[string(a.Prompt)] {
			return nil
		}
		answer := judge(a, problem, verbal.Reference, at)
		if answer.Refused || answer.Answer == "" {
			return nil
		}
		p.all++
		k := a.Key
		if k.Check = true; !j.Settled(k) {
			p.keys, p.requests = append(p.keys, k), append(p.requests, checkRequest(o.Settings, k, problem.Question, answer.Answer))
		}
		return nil
	})
	return p, err
}

// checkRequest asks for the first word of the reply, and for what it could have been.
func checkRequest(s journal.Settings, k journal.Key, question, answer string) vllm.Request {
	return vllm.Request{
		Messages:     []tokenizer.Message{{Role: "user", Content: fmt.Sprintf(checkText, question, answer)}},
		TemplateArgs: s.TemplateArgs,
		TopNames:     true,
		Sampling:     engine.Sampling{Seed: seedOf(s.Seed, k), MaxNewTokens: 1, TopLogProbs: engine.MaxTopLogProbs},
	}
}

// first are the alternatives to the first token of a response.
func first(a *vllm.Answer) []journal.Alternative {
	if len(a.Top) == 0 {
		return nil
	}
	out := make([]journal.Alternative, len(a.Top[0]))
	for i, one := range a.Top[0] {
		out[i] = journal.Alternative{Text: one.Name, LogProb: one.LogProb}
	}
	return out
}

// pTrue is the probability of True among True and False at the first token of a reply, whatever their case and spaces. There is none where neither is among
// the alternatives.
func pTrue(first []journal.Alternative) (p float64, ok bool) {
	var yes, no float64
	for _, one := range first {
		mass := math.Exp(float64(one.LogProb))
		switch strings.ToLower(strings.Trim(one.Text, " \t\n▁Ġ*\"'")) {
		case "true":
			yes += mass
		case "false":
			no += mass
		}
	}
	if yes+no == 0 {
		return 0, false
	}
	return yes / (yes + no), true
}
