package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// comparison is a run of several cases.
type comparison struct {
	spec    spec
	cases   []string
	pythons []string
	rounds  int       // quiet ones that are wanted
	steps   int       // of each side in a round
	out     io.Writer // JSON lines
	log     io.Writer // what is left out
}

// rest lies between the turns of two sides, so that threads which wait busily for more work have gone to sleep.
const rest = 300 * time.Millisecond

// Only rounds are compared in which other processes took at most quietShare of the processors' time from each side. Sides suffer differently
// from others: PyTorch's threads wait for each other busily, so that two busy processes beside it make its steps three to eight times as long,
// in processor time too, and XLA's less than twice. After patience times the rounds that are wanted, those that were quiet must do.
const (
	quietShare = 0.05
	patience   = 4
)

// agreement is how far the results of two sides may lie apart, as a share of the greater: they round differently, and train on what they made.
// Numbers and ids of tokens must be the same.
var agreement = map[string]float64{"train": 1e-3, "score": 1e-3}

// run measures all cases.
func (c comparison) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "godcpo-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := writePeers(dir); err != nil {
		return err
	}
	from := newOrigin(c.spec.Threads)
	for _, name := range c.cases {
		if err := c.runCase(ctx, name, dir, from); err != nil {
			return err
		}
	}
	return nil
}

// runCase lets all sides of a case take turns.
func (c comparison) runCase(ctx context.Context, name, dir string, from origin) (err error) {
	s := c.spec
	s.Case = name
	if name == "encode" {
		if _, err := os.Stat(s.Text); err != nil {
			_, err := fmt.Fprintf(c.log, "encode is left out: there is no text %s\n", s.Text)
			return err
		}
	}
	compared := len(peers[name]) > 0 && (s.Model == small || name == "encode") && s.Device == "cpu" && s.DType == "float32"
	if compared {
		s.ModelDir = dir
	}
	sides, err := c.start(ctx, s, dir, compared)
	defer func() {
		for _, p := range sides {
			if closed := p.close(); closed != nil && err == nil {
				err = fmt.Errorf("%s: %w", p.name, closed)
			}
		}
	}()
	if err != nil {
		return err
	}
	answers := json.NewEncoder(c.out)
	done := func(round int) bool {
		if len(sides) == 1 { // nothing is compared
			return round > c.rounds
		}
		return round > patience*c.rounds || len(quietRounds(sides)) == c.rounds
	}
	for round := 1; !done(round); round++ {
		for _, p := range sides {
			time.Sleep(rest)
			t, err := p.take(c.steps)
			if err != nil {
				return err
			}
			if err := answers.Encode(newRecord(s, p.name, round, p.hello, sides[0].hello.About, t, from)); err != nil {
				return err
			}
		}
		if err := agree(name, sides); err != nil {
			return err
		}
	}
	quiet := quietRounds(sides)
	if len(sides) > 1 && len(quiet) == 0 {
		_, err := fmt.Fprintf(c.log, "%s: no ratios: other processes took more than %g of the processors' time in every round\n", name, quietShare)
		return err
	}
	for _, p := range sides[1:] {
		if err := answers.Encode(newRatio(name, sides[0], p, quiet, from)); err != nil {
			return err
		}
	}
	return nil
}

// quietRounds are those in which no side was disturbed. What a side took plays no part in it.
func quietRounds(sides []*player) (quiet []int) {
	for round := range sides[0].turns {
		if !slices.ContainsFunc(sides, func(p *player) bool { return p.turns[round].Others > quietShare }) {
			quiet = append(quiet, round)
		}
	}
	return quiet
}

// start starts ours and then the peers, which read the model that ours has left for them. It returns those that run even with an error.
func (c comparison) start(ctx context.Context, s spec, dir string, compared bool) ([]*player, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	ours, err := startPlayer(ctx, "godcpo", []string{fmt.Sprintf("GOMAXPROCS=%d", s.Threads)}, self, "-side", string(text))
	if err != nil {
		return nil, err
	}
	sides := []*player{ours}
	if !compared {
		return sides, nil
	}
	for _, peer := range peers[s.Case] {
		python := peer.python(ctx, c.pythons)
		if python == "" {
			if _, err := fmt.Fprintf(c.log, "%s: %s is left out: no Python of -python has %s\n", s.Case, peer.name, strings.Join(peer.packages, " and ")); err != nil {
				return sides, err
			}
			continue
		}
		s.Mode = peer.mode
		text, err := json.Marshal(s)
		if err != nil {
			return sides, err
		}
		p, err := startPlayer(ctx, peer.name, environment(s.Threads), python, dir+"/"+peer.script, string(text))
		if err != nil {
			return sides, err
		}
		sides = append(sides, p)
	}
	return sides, nil
}

// agree reports a side whose result is not ours: it did other work.
func agree(name string, sides []*player) error {
	last := func(p *player) float64 { return p.turns[len(p.turns)-1].Check }
	ours := last(sides[0])
	for _, p := range sides[1:] {
		theirs := last(p)
		if !(math.Abs(ours-theirs) <= agreement[name]*max(math.Abs(ours), math.Abs(theirs))) {
			return fmt.Errorf("%s: ours gets %g and %s %g: they do not do the same work", name, ours, p.name, theirs)
		}
	}
	return nil
}
