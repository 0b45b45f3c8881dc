package dcpo

import (
	"fmt"
	"strconv"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/klcontrol"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reweight"
)

// credit turns rewards into advantages and lays out what the loss reads of each token.
func (t *Trainer) credit(s *step) error {
	if len(s.rollouts) == 0 {
		return nil
	}
	if err := s.groupsAreWhole(); err != nil {
		return err
	}
	inputs := make([]advantage.Rollout, len(s.rollouts))
	for i := range inputs {
		inputs[i] = s.rollouts[i].credited(s.scores, i*s.window)
	}
	if t.cfg.Loss.KLCoef != 0 && t.cfg.Loss.KLIn == "reward" {
		if err := t.penalise(s, inputs); err != nil {
			return err
		}
	}
	advantages, err := t.estimator.Estimate(inputs)
	if err != nil {
		return err
	}
	next := 0 // the rollouts that are learned from are some of those asked for, in the same order
	for i := range s.rollouts {
		for s.asked[next].Group != s.rollouts[i].Group {
			next++
		}
		s.rollouts[i].Advantage, s.asked[next].Advantage = advantages[i], advantages[i]
		next++
	}
	return t.fill(s, advantages)
}

// groupsAreWhole refuses a group with fewer or more rollouts than it should have: its mean would be another's.
func (s *step) groupsAreWhole() error {
	sizes := map[int]int{}
	for i := range s.rollouts {
		sizes[s.rollouts[i].Group]++
	}
	for group, n := range sizes {
		if want := s.t.cfg.Train.GroupSize; n != want {
			return fmt.Errorf("group %d has %d rollouts, want %d", group, n, want)
		}
	}
	return nil
}

// credited is the rollout as an estimator sees it. Its tokens begin at the given place of the scores.
func (r *Rollout) credited(scores learner.Scores, at int) advantage.Rollout {
	n := len(r.Response.Tokens)
	in := advantage.Rollout{Group: strconv.Itoa(r.Group), Correct: r.Verdict.Correct, Answer: r.Reward.Answer, Calibration: r.Reward.Confidence,
		Confidence: r.Stated.Confidence, HasConfidence: r.Stated.HasConfidence, Length: n, Span: r.Span, Baseline: r.Baseline,
		MeanLogProb: meanLogProb(scores.LogProbs[at : at+n])}
	for _, p := range r.Reward.Parts {
		in.Parts = append(in.Parts, advantage.Part{Name: p.Name, Value: p.Value, Weight: p.Weight})
	}
	if scores.Values != nil {
		for _, v := range scores.Values[at : at+n] {
			in.Values = append(in.Values, float64(v))
		}
	}
	return in
}

// penalise subtracts the divergence from the reference policy from the rewards, token by token.
func (t *Trainer) penalise(s *step, inputs []advantage.Rollout) error {
	ref := s.batch.Fields[loss.RefLogProbs]
	all := make([][]float64, len(inputs))
	for i := range inputs {
		from, to := i*s.window, i*s.window+inputs[i].Length
		kl, err := loss.KLValues(t.cfg.Loss.KL, s.scores.LogProbs[from:to], ref[from:to])
		if err != nil {
			return err
		}
		if inputs[i].TokenRewards, err = t.KL.Penalise(nil, kl); err != nil {
			return fmt.Errorf("rollout %d: %w", i, err)
		}
		all[i] = kl
	}
	s.divergence = klcontrol.Divergence(all)
	return nil
}

// fill adds the fields of the loss to the batch: advantages, each token's share of its mini-batch, and what else the objective reads.
func (t *Trainer) fill(s *step, advantages []advantage.Advantage) error {
	fields, old := s.batch.Fields, s.scores.LogProbs
	// Responses start at the window's first column.
	packed, err := advantage.Pack(advantages, make([]int, len(advantages)), s.window)
	if err != nil {
		return err
	}
	if alpha := t.cfg.Advantage.Reweight; alpha > 0 {
		if packed, err = reweight.Advantages(packed, old, reweight.Options{Alpha: alpha}); err != nil {
			return err
		}
	}
	fields[loss.Advantages] = packed
	rows := t.rows(s)
	optional := map[string]func() ([]float32, error){
		loss.OldValues:        func() ([]float32, error) { return s.scores.Values, nil },
		loss.Returns:          func() ([]float32, error) { return packReturns(advantages, s.window), nil },
		loss.ImportanceWeight: func() ([]float32, error) { return t.importance(s) },
		loss.SequenceShare:    func() ([]float32, error) { return loss.SequenceShares(rows, s.window), nil },
		loss.Correct:          func() ([]float32, error) { return s.correctness(), nil },
	}
	for _, name := range t.objective.Fields {
		if make, ok := optional[name]; ok {
			if fields[name], err = make(); err != nil {
				return err
			}
		}
	}
	miniRows := t.miniRows()
	weights := make([]float32, 0, len(old))
	for from := 0; from < len(rows); from += miniRows {
		share, err := loss.TokenWeights(t.recipe.Aggregation, rows[from:min(from+miniRows, len(rows))], s.window, t.recipe.Spans)
		if err != nil {
			return err
		}
		weights = append(weights, share...)
	}
	fields[loss.TokenWeight] = weights
	return nil
}

// miniRows is the number of rollouts an update.
func (t *Trainer) miniRows() int { return t.cfg.Train.MiniBatch * t.cfg.Train.GroupSize }

// rows are the responses as the loss's weights see them.
func (t *Trainer) rows(s *step) []loss.Row {
	rows := make([]loss.Row, len(s.rollouts))
	for i := range rows {
		rows[i] = loss.Row{Length: len(s.rollouts[i].Response.Tokens), Span: s.rollouts[i].Span}
	}
	return rows
}

// packReturns lays the value head's targets out as [rows × window].
func packReturns(advantages []advantage.Advantage, window int) []float32 {
	out := make([]float32, len(advantages)*window)
	for i, a := range advantages {
		for t, v := range a.Returns {
			out[i*window+t] = float32(v)
		}
	}
	return out
}

// miniBatches cuts the step's batch into its updates; where rare tokens are isolated, each part makes two.
func (t *Trainer) miniBatches(s *step) ([]*learner.Batch, error) {
	var minis []*learner.Batch
	for from := 0; from < s.batch.Rows; from += t.miniRows() {
		mini := s.batch.Slice(from, min(from+t.miniRows(), s.batch.Rows))
		eta := t.cfg.Advantage.Isolate
		if eta == 0 {
			minis = append(minis, mini)
			continue
		}
		rare, common, err := reweight.Isolate(mini.Fields[loss.TokenWeight], mini.Fields[loss.OldLogProbs], eta)
		if err != nil {
			return nil, err
		}
		for _, weights := range [][]float32{rare, common} {
			part := mini.Slice(0, mini.Rows)
			part.Fields[loss.TokenWeight] = weights
			minis = append(minis, part)
		}
	}
	return minis, nil
}
