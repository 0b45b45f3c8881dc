// Command study trains the tiny model by every method of the paper's comparison over several seeds and prints the table of
// dcpo/README.md. What it has done it keeps in a folder, and does not repeat.
//
//	go run ./dcpo/study -seeds 5 -o out/study
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/dcpo-go/godcpo/dcpo"
)

func main() {
	log.SetFlags(0)
	seeds := flag.Int("seeds", 5, "number of seeds")
	steps := flag.Int("steps", 0, "training steps, instead of the preset's")
	out := flag.String("o", "out/study", "folder for models and results")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := study{dir: *out, steps: *steps}
	for seed := range *seeds {
		if err := s.seed(ctx, uint64(seed+1)); err != nil {
			log.Fatalf("study: seed %d: %v", seed+1, err)
		}
	}
	fmt.Println(s.table())
}

// study is what has been found so far.
type study struct {
	dir   string
	steps int
	rows  []row
}

// row is one line of the table: a method and how its confidence is read, with a result a seed.
type row struct {
	name    string
	results []*dcpo.Result
}

// variant is a way of training and the confidences that are read off the result.
type variant struct {
	name   string // of the row with the stated confidence
	method string // "" : the base, untrained
	set    []string
	logits string // row with the model's own probability as confidence; "": none
	stated bool   // there is a row with the stated confidence
	rivals bool   // there are rows with confidences made after the fact: recalibrated, and by a classifier
}

// variants are the rows of the paper's Table 1.
var variants = []variant{
	{name: "base, stated", logits: "base, logits", stated: true},
	{name: "GRPO, stated", method: "grpo", logits: "GRPO, logits", stated: true, rivals: true},
	{name: "RLCR", method: "rlcr", stated: true},
	{name: "CCGSPG", method: "ccgspg", logits: "CCGSPG, logits"},
	{name: "DCPO", method: "dcpo", stated: true},
	{name: "DCPO-G", method: "dcpo-g", stated: true},
	{name: "DCPO-I", method: "dcpo-i", stated: true},
	{name: "DCPO, std ≥ 0.1", method: "dcpo", set: []string{"advantage.std_floor=0.1"}, stated: true},
}

func (s *study) add(name string, r *dcpo.Result) {
	for i := range s.rows {
		if s.rows[i].name == name {
			s.rows[i].results = append(s.rows[i].results, r)
			return
		}
	}
	s.rows = append(s.rows, row{name, []*dcpo.Result{r}})
}

// config is the tiny preset by a variant's method.
func (s *study) config(v variant, seed uint64) (dcpo.Config, error) {
	set := append([]string{fmt.Sprintf("train.seed=%d", seed), "model.device=cpu", "train.save_every=0", "output.samples=0", "output.tensorboard=false"}, v.set...)
	if v.method != "" {
		set = append(set, "train.method="+v.method)
	}
	if s.steps > 0 {
		set = append(set, fmt.Sprintf("train.steps=%d", s.steps))
	}
	return dcpo.LoadConfig("tiny", append(set, "output.dir=", "output.save=false")...)
}

// seed makes every row's result for one seed.
func (s *study) seed(ctx context.Context, seed uint64) error {
	b := &bench{study: s, seed: seed}
	defer b.release()
	for _, v := range variants {
		r, err := b.result(ctx, v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		if v.stated {
			s.add(v.name, r.Named(v.name))
		}
		if v.logits != "" {
			s.add(v.logits, r.Logits(v.logits))
		}
		if v.rivals {
			if err := b.rivals(ctx, v, r); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
		}
	}
	return nil
}
