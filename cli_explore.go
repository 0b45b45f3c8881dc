package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/explore"
	"github.com/spf13/cobra"
)

const exploreHelp = `explore shows answers token by token: how probable each token was and what might have stood there, which tokens carry the stated
confidence, what training credited them with, and how probable every other confidence was in that place.

FILE is JSON Lines ("-": standard input): a run's samples.jsonl, one of its evaluations/step-*.jsonl, or lines

  {"prompt": "…", "response": "…"}

in which prompt is the user's message, or token ids with the response's in "tokens". Without --model it shows what the record holds; the
tokenizer is then that of --tokenizer, or of the run the file lies in. With --model every answer is scored, and the distribution over all
confidences computed. --compare puts a second model's view beside it. --replace OLD=NEW and --reasoning edit the text before the confidence
(the last OLD, or all of it) and show how the distribution moves.

-o writes one page for a browser, which needs nothing from elsewhere; without it, text is printed.

Exit status: 0 all answers are shown; 1 a model or the page failed; 2 wrong usage or file.`

func newExplore() *cobra.Command {
	e := exploring{limit: 20}
	cmd := &cobra.Command{
		Use:   "explore FILE [--model DIR] [-o page.html]",
		Short: "Show answers token by token, and the confidences they might have stated",
		Long:  exploreHelp,
		Example: `  godcpo explore runs/dcpo/samples.jsonl -o samples.html
  godcpo explore runs/dcpo/evaluations/step-000200.jsonl --model runs/dcpo/base --compare runs/dcpo/model -o moved.html`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(cmd, args[0]) },
	}
	e.model.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&e.compare, "compare", "", "a second model, or another checkpoint, to show beside the first")
	flags.StringVar(&e.tokenizer, "tokenizer", "", "model directory whose tokenizer cut the record; its weights are not read")
	flags.StringVarP(&e.out, "output", "o", "", "page to write, .html")
	flags.IntVar(&e.limit, "limit", e.limit, "how many answers are shown, from the first on; 0: all")
	flags.StringArrayVar(&e.replace, "replace", nil, "OLD=NEW: what if the text before the confidence said NEW for OLD; may be repeated")
	flags.StringArrayVar(&e.reasoning, "reasoning", nil, "what if this were the whole text before the confidence; may be repeated")
	flags.IntVar(&e.options.Top, "top", 8, "alternatives of each token")
	flags.IntVar(&e.options.Decimals, "decimals", 2, "decimals of the confidences told apart: 1, 2 or 3")
	flags.StringVar((*string)(&e.options.Policy), "policy", "", "how a confidence is read: last or reference")
	flags.StringVar((*string)(&e.options.Span), "span", "", "where its span starts: line or number")
	flags.StringVar((*string)(&e.options.Ask), "prompt", "", "what was appended to a recorded question: none, boxed, reference or logic")
	flags.StringVar(&e.options.Elicit, "elicit", "", `append this to an answer that states no confidence, such as $'\nCONFIDENCE: '`)
	return cmd
}

// exploring is one call of explore.
type exploring struct {
	model              modelFlags
	options            explore.Options
	compare, tokenizer string
	out                string
	limit              int
	replace, reasoning []string
}

func (e *exploring) run(cmd *cobra.Command, path string) error {
	edits, err := e.check()
	if err != nil {
		return usageError(err)
	}
	records, err := readRecordsOf(cmd.InOrStdin(), path)
	if err != nil {
		return usageError(err)
	}
	all := len(records)
	if e.limit > 0 && all > e.limit {
		records = records[:e.limit]
	}
	views, err := e.views(cmd, path, records, edits)
	if err != nil {
		return err
	}
	if e.out == "" {
		for _, v := range views {
			fmt.Fprintln(cmd.OutOrStdout(), v)
		}
	} else if err := e.write(path, views); err != nil {
		return err
	}
	if !e.model.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d answers shown\n", len(views), all)
	}
	return nil
}

// check reports wrong usage, and reads the edits.
func (e *exploring) check() (edits []explore.Edit, err error) {
	faults := []error{e.options.Validate()}
	for _, text := range e.replace {
		old, now, found := strings.Cut(text, "=")
		if !found || old == "" {
			faults = append(faults, fmt.Errorf("--replace %q: expected OLD=NEW", text))
		}
		edits = append(edits, explore.Edit{Old: old, New: now})
	}
	for _, text := range e.reasoning {
		edits = append(edits, explore.Edit{New: text})
	}
	if e.model.name == "" && (e.compare != "" || len(edits) > 0) {
		faults = append(faults, errors.New("--compare, --replace and --reasoning need a --model"))
	}
	if e.model.name != "" && e.tokenizer != "" {
		faults = append(faults, errors.New("--tokenizer is for records without a --model, which has its own"))
	}
	if ext := strings.ToLower(filepath.Ext(e.out)); e.out != "" && ext != ".html" && ext != ".htm" {
		faults = append(faults, fmt.Errorf("-o %s: the extension is %q: use .html", e.out, ext))
	}
	if e.limit < 0 {
		faults = append(faults, fmt.Errorf("--limit %d: expected 0 or more", e.limit))
	}
	return edits, errors.Join(faults...)
}

// readRecordsOf reads the answers of a file.
func readRecordsOf(stdin io.Reader, path string) ([]explore.Record, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	records, err := explore.Read(stdin)
	if err == nil && len(records) == 0 {
		err = errors.New("it holds no answers")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return records, nil
}

// views looks at the records, with the models where there are any.
func (e *exploring) views(cmd *cobra.Command, path string, records []explore.Record, edits []explore.Edit) ([]*explore.View, error) {
	if e.model.name == "" {
		return e.recorded(path, records)
	}
	views, err := e.scored(cmd, e.model.name, records, edits)
	if err != nil || e.compare == "" {
		return views, err
	}
	others, err := e.scored(cmd, e.compare, records, nil)
	if err != nil {
		return nil, err
	}
	for i := range views {
		if views[i], err = explore.Compare(views[i], others[i]); err != nil {
			return nil, fmt.Errorf("line %d: %w", records[i].Line, err)
		}
	}
	return views, nil
}

// recorded shows what the records hold.
func (e *exploring) recorded(path string, records []explore.Record) ([]*explore.View, error) {
	var tok tokenizer.Tokenizer
	if dir := e.tokenizerDir(path); dir != "" {
		var err error
		if tok, _, err = tokenizer.Load(dir); err != nil {
			return nil, err
		}
	}
	var views []*explore.View
	for _, r := range records {
		v, err := r.View(tok, e.options)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", r.Line, err)
		}
		views = append(views, v)
	}
	return views, nil
}

// tokenizerDir is where the tokenizer of a record without a model may be: as named, or a model in the run's folder; "" for nowhere.
func (e *exploring) tokenizerDir(path string) string {
	if e.tokenizer != "" {
		return e.tokenizer
	}
	run := filepath.Dir(path)
	if filepath.Base(run) == "evaluations" {
		run = filepath.Dir(run)
	}
	for _, dir := range []string{filepath.Join(run, "model"), filepath.Join(run, "base")} {
		if exists(filepath.Join(dir, "tokenizer.json")) {
			return dir
		}
	}
	return ""
}

// scored opens a model, looks at the records with it, and lets it go.
func (e *exploring) scored(cmd *cobra.Command, name string, records []explore.Record, edits []explore.Edit) ([]*explore.View, error) {
	flags := e.model
	flags.name = name
	p := newProgress(cmd.ErrOrStderr(), flags.quiet)
	m, err := flags.open(cmd.Context(), cmd, p)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	var views []*explore.View
	for i, r := range records {
		v, err := e.score(cmd.Context(), m, r, edits)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", r.Line, err)
		}
		views = append(views, v)
		p.say("%d of %d answers scored", i+1, len(records))
	}
	return views, nil
}

// score looks at one record. An edit whose OLD it does not hold is left out, and noted: the others of a file may hold it.
func (e *exploring) score(ctx context.Context, m *backend.Model, r explore.Record, edits []explore.Edit) (*explore.View, error) {
	v, err := r.Score(ctx, m, e.options)
	if err != nil || v.Confidences == nil {
		return v, err
	}
	for _, edit := range edits {
		changed, err := explore.WhatIf(ctx, m, v, e.options, edit)
		switch {
		case err == nil:
			v = changed
		case errors.Is(err, explore.ErrNotThere):
			v.Notes = append(v.Notes, fmt.Sprintf("No what-if for %q: the text before the confidence does not hold it.", edit.Old))
		default:
			return nil, err
		}
	}
	return v, nil
}

// write makes the page.
func (e *exploring) write(path string, views []*explore.View) error {
	document, err := explore.HTML("Confidence tokens: "+filepath.Base(path), views...)
	if err != nil {
		return err
	}
	return os.WriteFile(e.out, []byte(document), 0o644)
}
