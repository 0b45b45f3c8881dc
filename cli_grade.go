package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/datasets/grade/verl"
	"github.com/spf13/cobra"
)

func newGrade() *cobra.Command {
	var compat string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "grade [--compat verl]",
		Short: "Compare the answers of completions with reference answers, line by line",
		Long: `grade reads JSON Lines on standard input and writes a line for each on standard output, in the same order:

  {"id": …, "gold": "…", "completion": "…"}
  →  {"id": …, "correct": true, "answer": "…", "reason": "…"}

The answer is what the completion gives: the content of its last \boxed{…}, what follows "the final answer is", or its last formula, number or line; null
where there is none. A CONFIDENCE line is no part of it. The reference answer may be LaTeX, plain text, a number, boxed, or a worked solution. A line
that cannot be graded gives {"id": …, "error": "line 3: …"}. How many answers there were of each reason is told on standard error.

Reasons of right answers: "same text", "same number", "equivalent". Of others: "wrong"; "answer not understood", "answer too costly to compare";
"no answer found", "the last \boxed{ is not closed".

--compat verl takes the last box and compares it as verl's rule for MATH does, string against string, right or wrong as that may be.

Exit status: 0 every line was graded; 1 some were not; 2 wrong usage.`,
		Example: `  echo '{"id": 1, "gold": "\\frac{3}{4}", "completion": "So it is $\\boxed{0.75}$."}' | godcpo grade`,
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			grader := gradeLine
			switch compat {
			case "":
			case "verl":
				grader = gradeAsVerl
			default:
				return usageError(fmt.Errorf("--compat %q: expected verl", compat))
			}
			var count tally
			// The count at the end says more than a progress of tokens would.
			stream := jsonl{in: cmd.InOrStdin(), out: cmd.OutOrStdout(), batch: 256, progress: newProgress(io.Discard, true)}
			err := stream.run(cmd.Context(), func(_ context.Context, batch []*record) {
				for _, r := range batch {
					answer, err := grader(r)
					if err == nil {
						count.add(answer.Reason, answer.Correct)
					}
					r.finish(answer, err)
				}
			})
			if !quiet {
				count.print(cmd.ErrOrStderr())
			}
			return err
		},
	}
	cmd.Flags().StringVar(&compat, "compat", "", "grade as another program does: verl")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "print no counts")
	return cmd
}

// graded is the answer of grade.
type graded struct {
	ID      json.RawMessage `json:"id"`
	Correct bool            `json:"correct"`
	Answer  *string         `json:"answer"`
	Reason  string          `json:"reason"`
}

// readGraded reads the two fields of a line. A reference may be a JSON number.
func readGraded(r *record) (gold, completion string, err error) {
	var reference textOrNumber
	if err := r.read(map[string]any{"gold": &reference, "completion": &completion}); err != nil {
		return "", "", err
	}
	switch {
	case !r.has("gold"):
		return "", "", errors.New(`expected a field "gold" with the reference answer`)
	case !r.has("completion"):
		return "", "", errors.New(`expected a field "completion" with the text to grade`)
	case strings.TrimSpace(string(reference)) == "":
		return "", "", errors.New(`field "gold" is empty: there is nothing to compare with`)
	}
	return string(reference), completion, nil
}

// textOrNumber is a string, or a number as it is spelled.
type textOrNumber string

// UnmarshalJSON reads both.
func (t *textOrNumber) UnmarshalJSON(data []byte) error {
	var s string
	var n json.Number
	if json.Unmarshal(data, &s) == nil {
		*t = textOrNumber(s)
		return nil
	}
	if json.Unmarshal(data, &n) != nil {
		return fmt.Errorf("expected a string or a number, found %s", abridged(data))
	}
	*t = textOrNumber(n)
	return nil
}

func gradeLine(r *record) (graded, error) {
	gold, completion, err := readGraded(r)
	if err != nil {
		return graded{}, err
	}
	v := grade.Grade(completion, gold)
	out := graded{ID: r.id, Correct: v.Correct, Reason: v.Reason}
	if v.Found {
		out.Answer = &v.Answer
	}
	return out, nil
}

func gradeAsVerl(r *record) (graded, error) {
	gold, completion, err := readGraded(r)
	if err != nil {
		return graded{}, err
	}
	correct, answer, found := verl.Grade(completion, gold)
	out := graded{ID: r.id, Correct: correct, Reason: grade.ReasonNotFound}
	switch {
	case correct:
		out.Answer, out.Reason = &answer, grade.ReasonSameText
	case found:
		out.Answer, out.Reason = &answer, grade.ReasonWrong
	}
	return out, nil
}

// tally counts verdicts by their reason.
type tally struct {
	reasons map[string]int
	right   int
	all     int
}

func (t *tally) add(reason string, right bool) {
	if t.reasons == nil {
		t.reasons = map[string]int{}
	}
	t.reasons[reason]++
	t.all++
	if right {
		t.right++
	}
}

func (t *tally) print(w io.Writer) {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(t.reasons)) {
		parts = append(parts, fmt.Sprintf("%s: %d", reason, t.reasons[reason]))
	}
	if t.all == 0 {
		fmt.Fprintln(w, "nothing graded")
		return
	}
	fmt.Fprintf(w, "%d of %d right (%s)\n", t.right, t.all, strings.Join(parts, ", "))
}
