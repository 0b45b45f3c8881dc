package evaluation

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
)

// plan is what a run asks that the journal does not hold yet.
type plan struct {
	run      journal.Run
	all      int // requests of the whole evaluation
	keys     []journal.Key
	requests []vllm.Request // one a key
}

// newPlan declares the problems in the journal and gathers the open requests: the first sample of every problem, then the second, so that an
// evaluation that is broken off has seen all problems.
func newPlan(o Options, j *journal.Journal) (*plan, error) {
	p := &plan{run: newRun(o)}
	sets := make([][]journal.Problem, len(o.Benchmarks))
	for i, b := range o.Benchmarks {
		sets[i] = problems(b, o.Limit)
		p.run.Sets = append(p.run.Sets, journal.RunSet{Benchmark: b.Name, Problems: len(sets[i])})
		known := journal.Benchmark{Name: b.Name, Source: b.Source, Licence: b.Licence, Note: b.Note, SHA256: b.SHA256, Size: len(problems(b, 0))}
		if err := j.Declare(known, sets[i]); err != nil {
			return nil, err
		}
	}
	for sample := range o.Samples {
		for i, b := range o.Benchmarks {
			for _, prompt := range o.prompts() {
				for _, problem := range sets[i] {
					p.add(o, j, journal.Key{Benchmark: b.Name, Problem: problem.ID, Sample: sample, Prompt: prompt}, problem.Question)
				}
			}
		}
	}
	return p, nil
}

// newRun notes what is asked, and when; the sets are to be added.
func newRun(o Options) journal.Run {
	return journal.Run{Began: time.Now().UTC().Truncate(time.Second), Program: o.Program, Endpoints: o.Client.Endpoints, Samples: o.Samples,
		Prompts: o.prompts(), Check: o.PTrue}
}

func (p *plan) add(o Options, j *journal.Journal, k journal.Key, question string) {
	p.all++
	if j.Settled(k) {
		return
	}
	p.keys = append(p.keys, k)
	p.requests = append(p.requests, request(o.Settings, k, question))
}

// problems are a benchmark's as they are asked: repeated rows once.
func problems(b *datasets.Benchmark, limit int) []journal.Problem {
	var out []journal.Problem
	seen := map[string]bool{}
	for _, p := range b.Problems {
		if limit > 0 && len(out) == limit {
			break
		}
		if seen[p.ID] {
			continue
		}
		seen[p.ID] = true
		out = append(out, journal.Problem{Benchmark: b.Name, ID: p.ID, Question: p.Question, Answer: p.Answer, Aliases: p.Aliases, Choices: p.Choices,
			Fact: p.Fact, Level: p.Level})
	}
	return out
}

// request is how a problem is put.
func request(s journal.Settings, k journal.Key, question string) vllm.Request {
	return vllm.Request{
		Messages:     []tokenizer.Message{{Role: "user", Content: k.Prompt.Ask(question)}},
		TemplateArgs: s.TemplateArgs,
		Sampling: engine.Sampling{Seed: seedOf(s.Seed, k), Temperature: s.Temperature, TopP: s.TopP, TopK: s.TopK, MinP: s.MinP,
			PresencePenalty: s.PresencePenalty, FrequencyPenalty: s.FrequencyPenalty, RepetitionPenalty: s.RepetitionPenalty, MaxNewTokens: s.MaxTokens},
	}
}

// seedOf is a request's seed. It depends on nothing else that is asked, so an evaluation can be extended. 63 bits, as servers take.
func seedOf(seed uint64, k journal.Key) uint64 {
	h := fnv.New64a()
	for _, text := range []string{k.Benchmark, k.Problem, string(k.Prompt)} {
		h.Write([]byte(text)) // never fails
		h.Write([]byte{0})
	}
	h.Write(binary.LittleEndian.AppendUint64(nil, seed))
	return engine.RowSeed(h.Sum64(), k.Sample) >> 1
}
