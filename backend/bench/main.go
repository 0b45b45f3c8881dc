// Command bench measures training, scoring, generation and tokenizing, and other implementations of the same beside them, on the same machine at
// the same time. It prints JSON lines: one for each turn of each side, and at the end of a case one for each peer with the ratios of medians.
//
//	go run ./backend/bench -python python3
//	go run ./backend/bench -device cuda -model auto
//
// See README.md for what is measured and what came out.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var c comparison
	s := &c.spec
	pythons := flags.String("python", "", "Python interpreters that have the peers' packages, separated by commas")
	names := flags.String("cases", "", "cases, separated by commas: "+strings.Join(caseNames(), ", ")+" (default those with peers; on a GPU those with a bound)")
	out := flags.String("out", "", "file that the JSON lines are added to, beside being printed")
	side := flags.String("side", "", "a case to run as one of several sides, as JSON (for bench itself)")
	flags.IntVar(&c.rounds, "rounds", 3, "quiet rounds, in each of which every side has its turn")
	flags.IntVar(&c.steps, "steps", 5, "steps of a turn")
	flags.IntVar(&s.Threads, "threads", 2, "processors that every side may use")
	flags.StringVar(&s.Device, "device", "cpu", "cpu or cuda")
	flags.StringVar(&s.GPU, "gpu", "", "data sheet that shares of the peak refer to, such as H200 (default: that of the device's name)")
	flags.StringVar(&s.Model, "model", "", "small, tiny, a published shape such as Qwen3-8B, or auto: the largest that fits (default small; auto on a GPU)")
	flags.StringVar(&s.DType, "dtype", "", "type of the weights, float32 or bfloat16 (default float32; bfloat16 on a GPU)")
	flags.IntVar(&s.Rows, "rows", 0, "rows of a batch (default 64)")
	flags.IntVar(&s.Seq, "seq", 0, "tokens of a row that is trained on, scored or prefilled (default 64; of published shapes 1024)")
	flags.IntVar(&s.Prompt, "prompt", 0, "tokens of a prompt (default 16; of published shapes 256)")
	flags.IntVar(&s.New, "new", 0, "tokens drawn after each prompt (default 64; of published shapes 768)")
	flags.StringVar(&s.Text, "text", "../shared/data/olympiadbench.jsonl", "text to encode")
	flags.StringVar(&s.Tokenizer, "tokenizer", "../shared/tokenizers/qwen3", "directory of the tokenizer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *side != "" {
		if err := json.Unmarshal([]byte(*side), s); err != nil {
			return fmt.Errorf("-side: %w", err)
		}
		return takeTurns(ctx, *s, os.Stdin, os.Stdout)
	}
	if err := c.check(*names, *pythons); err != nil {
		return err
	}
	c.out, c.log = os.Stdout, os.Stderr
	if *out != "" {
		f, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		c.out = io.MultiWriter(os.Stdout, f)
	}
	if s.Device == "cpu" {
		if err := limitThreads(s.Threads); err != nil {
			return err
		}
	}
	return c.run(ctx)
}

// check settles defaults and reports what cannot be run.
func (c *comparison) check(names, pythons string) error {
	s := &c.spec
	list := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	}
	c.cases, c.pythons = list(names), list(pythons)
	switch s.Device {
	case "cpu":
		if len(c.cases) == 0 {
			c.cases = []string{"train", "score", "decode", "encode"}
		}
		if s.Model == "" {
			s.Model = small
		}
	case "cuda":
		if len(c.cases) == 0 {
			c.cases = []string{"train", "prefill", "decode", "step"}
		}
		if s.Model == "" {
			s.Model = auto
		}
	default:
		return fmt.Errorf("device %q: expected cpu or cuda", s.Device)
	}
	for _, name := range c.cases {
		if !slices.Contains(caseNames(), name) {
			return fmt.Errorf("case %q is unknown: expected some of %s", name, strings.Join(caseNames(), ", "))
		}
	}
	if s.Model != auto {
		if _, err := shapeOf(s.Model); err != nil {
			return err
		}
	}
	*s = s.withDefaults()
	for name, n := range map[string]int{"rounds": c.rounds, "steps": c.steps, "threads": s.Threads, "rows": s.Rows, "prompt": s.Prompt, "new": s.New, "seq": s.Seq - 1} {
		if n < 1 {
			return fmt.Errorf("-%s is too small", name)
		}
	}
	return nil
}
