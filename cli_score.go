package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/spf13/cobra"
)

func newScore() *cobra.Command {
	var model modelFlags
	tokens := 4096
	cmd := &cobra.Command{
		Use:   "score --model DIR [--dtype float32]",
		Short: "Compute the log-prob of each token of a text, line by line",
		Long: `score reads JSON Lines on standard input and writes a line for each on standard output, in the same order:

  {"id": …, "ids": […]}    token ids
  {"id": …, "text": "…"}   text, with the special tokens that the tokenizer puts around it
  →  {"id": …, "ids": […], "logprobs": [null, …]}

logprobs[t] is log p(ids[t] given those before it), in nats, at temperature 1; logprobs[0] is null. A line that has both is scored by its ids. A line
that cannot be answered gives {"id": …, "error": "line 3: …"}. A model directory without a tokenizer scores token ids.

Lines are scored many at a time, those of like length together, and written as soon as those before them are.

Exit status: 0 every line was answered; 1 some were not, or the model cannot be read; 2 wrong usage.`,
		Example: `  echo '{"id": 1, "text": "The capital of France is Paris."}' | godcpo score --model models/SmolLM2-135M-Instruct`,
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tokens < 1 {
				return usageError(fmt.Errorf("--batch-tokens %d: expected 1 or more", tokens))
			}
			p := newProgress(cmd.ErrOrStderr(), model.quiet)
			m, err := model.open(cmd.Context(), cmd, p)
			if err != nil {
				return err
			}
			defer m.Release()
			s := scoring{m, textReader{m.Tokenizer, m.Template}, tokens, p}
			stream := jsonl{in: cmd.InOrStdin(), out: cmd.OutOrStdout(), batch: scoreLines, progress: p}
			return stream.run(cmd.Context(), s.batch)
		},
	}
	model.register(cmd)
	cmd.Flags().IntVar(&tokens, "batch-tokens", tokens, "tokens scored at once on each device; less needs less memory")
	return cmd
}

// scoreLines is how many lines are sorted by length together.
const scoreLines = 512

// scored is the answer of score.
type scored struct {
	ID       json.RawMessage `json:"id"`
	IDs      []int32         `json:"ids"`
	LogProbs logProbs        `json:"logprobs"`
}

// scoring answers lines with a model.
type scoring struct {
	model    *backend.Model
	text     textReader
	tokens   int // of a pass, on each device
	progress *progress
}

// sequence is a line with its token ids.
type sequence struct {
	*record
	ids []int32
}

// batch scores lines, those of like length in one pass.
func (s scoring) batch(ctx context.Context, lines []*record) {
	var all []sequence
	for _, r := range lines {
		ids, err := s.read(r)
		switch {
		case err != nil:
			r.finish(nil, err)
		case len(ids) < 2:
			r.finish(scored{r.id, ids, unscoredFirst(nil, len(ids))}, nil)
		default:
			all = append(all, sequence{r, ids})
		}
	}
	slices.SortStableFunc(all, func(a, b sequence) int { return cmp.Compare(len(a.ids), len(b.ids)) })
	for len(all) > 0 {
		length := passLength(len(all[0].ids))
		n := 1
		for most := max(1, s.tokens*s.model.Devices()/length); n < min(most, len(all)) && len(all[n].ids) <= length; n++ {
		}
		s.pass(ctx, all[:n], length)
		all = all[n:]
	}
}

// read gives the token ids of a line.
func (s scoring) read(r *record) ([]int32, error) {
	ids, err := tokenIDs(r, s.text, "ids", "text", s.model.Config.VocabSize)
	if err != nil {
		return nil, err
	}
	if most := s.model.Config.MaxPositions; most > 0 && len(ids) > most {
		return nil, fmt.Errorf("%d tokens are more than the model's %d positions", len(ids), most)
	}
	if ids == nil {
		ids = []int32{} // [] and not null
	}
	return ids, nil
}

// pass scores sequences of at most length tokens.
func (s scoring) pass(ctx context.Context, part []sequence, length int) {
	rows := 1 << bitsFor(len(part)) // few shapes are compiled
	b := &learner.Batch{Rows: rows, Seq: length, Window: length - 1, IDs: make([]int32, rows*length), Positions: make([]int32, rows*length),
		Segments: make([]int32, rows*length)}
	for i, q := range part {
		for t, id := range q.ids {
			at := i*length + t
			b.IDs[at], b.Positions[at], b.Segments[at] = id, int32(t), 1
		}
	}
	got, err := s.model.Score(ctx, b, 1, 0)
	for i, q := range part {
		if err != nil {
			q.finish(nil, err)
			continue
		}
		s.progress.add(len(q.ids))
		values := logProbs(got.LogProbs[i*b.Window:][:len(q.ids)-1])
		if err := values.finite(); err != nil {
			q.finish(nil, err)
			continue
		}
		q.finish(scored{q.id, q.ids, unscoredFirst(values, len(q.ids))}, nil)
	}
}

// unscoredFirst puts a first value that is no number before the others, up to n values.
func unscoredFirst(values logProbs, n int) logProbs {
	return append(logProbs{float32(math.NaN())}, values...)[:n]
}

// passLength is what sequence lengths are rounded up to: a power of two, at least 32.
func passLength(n int) int { return max(32, 1<<bitsFor(n)) }

// bitsFor is the smallest b with 2^b ≥ n.
func bitsFor(n int) int {
	b := 0
	for 1<<b < n {
		b++
	}
	return b
}
