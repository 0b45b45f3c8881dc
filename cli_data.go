package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/hub"
	"github.com/spf13/cobra"
)

func newData() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "List, fetch and show benchmarks and training sets",
		Long: `data knows a registry of benchmarks and training sets with their sources, licences and checksums.

A set is a file in the folder that ` + datasets.DataVariable + ` names, or comes from the Hugging Face Hub, through whose cache on this machine it is
downloaded once. Any data set of the hub can be named too, as owner/name, owner/name:path or owner/name@revision:path, and any file of your own in
JSON Lines, JSON, CSV, TSV or Parquet.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: needSubcommand,
	}
	cmd.AddCommand(newDataList(), newDataGet(), newDataShow())
	return cmd
}

// listed is a line of data list --json.
type listed struct {
	Name     string `json:"name"`
	Problems int    `json:"problems"`
	Training bool   `json:"training"`
	At       string `json:"at"` // where it is on this machine; "" for nowhere
	Source   string `json:"source"`
	Licence  string `json:"licence"`
	Hub      string `json:"hub,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	Note     string `json:"note,omitempty"`
}

func newDataList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [--json]",
		Short: "List what the registry knows and what of it is on this machine",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []listed
			for _, info := range datasets.Known() {
				sum := info.SHA256
				if info.File == "" {
					sum = info.HubSHA256
				}
				all = append(all, listed{info.Name, info.Rows, info.Training, atHand(info), info.Source, info.Licence, info.Hub, sum, info.Note})
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), all)
			}
			return printList(cmd.OutOrStdout(), all)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

// atHand is where a set's file is on this machine: in the data folder or in the hub's cache.
func atHand(info datasets.Info) string {
	if dir := os.Getenv(datasets.DataVariable); dir != "" && info.File != "" {
		path := filepath.Join(dir, info.File)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if source, err := hub.ParseSource(info.Hub); err == nil {
		if path, err := hub.Cached(source, hub.Options{}); err == nil {
			return path
		}
	}
	return ""
}

func printList(w io.Writer, all []listed) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tPROBLEMS\tUSE\tAT HAND\tSOURCE\tLICENCE")
	for _, l := range all {
		use, at := "evaluation", "no"
		if l.Training {
			use = "training"
		}
		switch {
		case l.At != "":
			at = "yes"
		case l.Hub != "":
			at = "on the hub"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", l.Name, l.Problems, use, at, l.Source, l.Licence)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, l := range all {
		if l.Note != "" {
			fmt.Fprintf(w, "\n%s: %s", l.Name, l.Note)
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}

func newDataGet() *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "get NAME…",
		Short: "Fetch sets that are not on this machine, and check them",
		Long: `get makes sure that sets are on this machine: it looks for their files in the folder that ` + datasets.DataVariable + ` names and in the hub's cache, downloads
them from the hub where they are in neither, checks their checksums and reads every row. It prints the path of each.

Exit status: 0 all are here; 1 some are not; 2 wrong usage.`,
		Example: `  godcpo data get math500 amc24 triviaqa
  godcpo data get openai/gsm8k:socratic/test-00000-of-00001.parquet`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			var faults []error
			for _, name := range names {
				b, err := openProblems(cmd.Context(), name)
				if err != nil {
					faults = append(faults, err)
					continue
				}
				if !quiet {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s; sha256 %s\n", b, b.SHA256)
					printNote(cmd.ErrOrStderr(), b)
				}
				fmt.Fprintln(cmd.OutOrStdout(), b.Path)
			}
			return errors.Join(faults...)
		},
	}
	cmd.Flags().BoolVar(&quiet, "quiet", false, "print paths only")
	return cmd
}

// openProblems opens a file, a registered set, or a data set of the hub.
func openProblems(ctx context.Context, name string) (*datasets.Benchmark, error) {
	if _, known := datasets.Lookup(name); !known {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return datasets.OpenFile(ctx, name)
		}
	}
	return datasets.Open(ctx, name, datasets.Options{})
}

func printNote(w io.Writer, b *datasets.Benchmark) {
	if b.Note != "" {
		fmt.Fprintf(w, "  note: %s\n", b.Note)
	}
}

// shown is a problem of data show --json, with the names that files have.
type shown struct {
	ID         string   `json:"id"`
	Problem    string   `json:"problem"`
	Answer     string   `json:"answer"`
	Aliases    []string `json:"aliases,omitempty"`
	Choices    []string `json:"choices,omitempty"`
	Solution   string   `json:"solution,omitempty"`
	Source     string   `json:"source,omitempty"`
	Level      string   `json:"level,omitempty"`
	Subject    string   `json:"subject,omitempty"`
	Difficulty *float64 `json:"difficulty,omitempty"`
}

func newDataShow() *cobra.Command {
	var id string
	var asJSON, random bool
	n, seed := 3, uint64(0)
	cmd := &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Show problems of a set",
		Long: `show prints the first problems of a set or of a file, with their answers.

With --json it prints JSON Lines with the columns that godcpo reads, of all problems unless -n says otherwise: a way to turn any known layout into a
file of one's own.

Exit status: 0 done; 1 the set cannot be read, or has no such problem; 2 wrong usage.`,
		Example: `  godcpo data show aime24
  godcpo data show math500 --id math500/test/algebra/2584.json
  godcpo data show train.parquet --json > train.jsonl`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 0 {
				return usageError(fmt.Errorf("-n %d: expected 0 or more", n))
			}
			b, err := openProblems(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON && !cmd.Flags().Changed("number") {
				n = b.Len()
			}
			part := b.Head(n)
			switch {
			case id != "":
				if part, err = withID(b, id); err != nil {
					return err
				}
			case random:
				part = b.Sample(n, seed)
			}
			if asJSON {
				return printProblemLines(cmd.OutOrStdout(), part.Problems)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s, from %s\n", b, b.Path)
			printNote(cmd.ErrOrStderr(), b)
			return printProblems(cmd.OutOrStdout(), part.Problems)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", n, "problems to show")
	cmd.Flags().StringVar(&id, "id", "", "show the problem with this id")
	cmd.Flags().BoolVar(&random, "random", false, "show problems drawn at random")
	cmd.Flags().Uint64Var(&seed, "seed", seed, "seed of --random")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON Lines")
	cmd.MarkFlagsMutuallyExclusive("id", "random")
	return cmd
}

// withID is the part of a set that has an id; rows that repeat count once.
func withID(b *datasets.Benchmark, id string) (*datasets.Benchmark, error) {
	for i, p := range b.Problems {
		if p.ID == id {
			part := *b
			part.Problems = b.Problems[i : i+1]
			return &part, nil
		}
	}
	return nil, fmt.Errorf("%s has no problem %q; its first is %q", b.Name, id, b.Problems[0].ID)
}

func printProblems(w io.Writer, problems []datasets.Problem) error {
	for _, p := range problems {
		about := []string{p.ID}
		for _, s := range []string{p.Source, p.Subject} {
			if s != "" {
				about = append(about, s)
			}
		}
		if p.Level != "" {
			about = append(about, "level "+p.Level)
		}
		if p.HasDifficulty {
			about = append(about, fmt.Sprintf("%.1f %% of attempts fail", p.Difficulty))
		}
		answer := p.Answer
		if len(p.Aliases) > 0 {
			answer += " (or " + strings.Join(p.Aliases, "; ") + ")"
		}
		if _, err := fmt.Fprintf(w, "── %s\n%s\nanswer: %s\n\n", strings.Join(about, " · "), p.Question, answer); err != nil {
			return err
		}
	}
	return nil
}

func printProblemLines(w io.Writer, problems []datasets.Problem) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, p := range problems {
		s := shown{p.ID, p.Question, p.Answer, p.Aliases, p.Choices, p.Solution, p.Source, p.Level, p.Subject, nil}
		if p.Fact && len(p.Aliases) == 0 {
			s.Aliases = []string{p.Answer} // which is how a file says that it is no mathematics
		}
		if p.HasDifficulty {
			s.Difficulty = &p.Difficulty
		}
		if err := encoder.Encode(s); err != nil {
			return err
		}
	}
	return nil
}

// printJSON prints a value for people and programs.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
