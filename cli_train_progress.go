package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/dcpo-go/godcpo/dcpo"
)

// trainNarrator tells how a run goes on: a bar for the phase at hand on a terminal, lines elsewhere; and a line for each step.
type trainNarrator struct {
	w        io.Writer
	terminal bool
	steps    int       // of the phase at hand; 0: none are counted
	first    int       // steps that were made before it began
	began    time.Time // of the phase
	said     time.Time // when a line was last written of a phase with many small steps
	bar      *progressbar.ProgressBar
}

func newTrainNarrator(w io.Writer, quiet bool) *trainNarrator {
	if quiet {
		return &trainNarrator{w: io.Discard}
	}
	f, ok := w.(*os.File)
	return &trainNarrator{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

func (n *trainNarrator) options() dcpo.RunOptions {
	return dcpo.RunOptions{
		Phase: n.phase,
		Warmup: func(step, _ int, loss float64) {
			n.small(step, fmt.Sprintf("warm-up step %d of %d: loss %.3f", step, n.steps, loss))
		},
		Step:      n.step,
		Validated: func(step int, r *dcpo.Result) { n.say(fmt.Sprintf("after step %d: %s", step, r)) },
		Generated: func(finished, all int) { n.generated(finished, all) },
	}
}

func (n *trainNarrator) phase(name string, steps, made int) {
	n.end()
	n.steps, n.first, n.began, n.said = steps, made, time.Now(), time.Now()
	title := name
	if steps > 0 {
		title = fmt.Sprintf("%s, %d steps", name, steps)
	}
	if made > 0 {
		title += fmt.Sprintf(", %d of them made before", made)
	}
	fmt.Fprintln(n.w, title+" …")
	if n.terminal && steps > 0 {
		n.bar = progressbar.NewOptions(steps, progressbar.OptionSetWriter(n.w), progressbar.OptionSetDescription(name), progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
		_ = n.bar.Set(made)
	}
}

// step writes a training step's line, with the time left.
func (n *trainNarrator) step(r dcpo.StepReport) {
	line := r.String()
	if left := n.left(r.Step); left != "" {
		line += ", " + left + " left"
	}
	n.say(line)
	if n.bar != nil {
		n.bar.Describe(fmt.Sprintf("train, %.0f tokens/s", r.TokensPerSecond()))
		_ = n.bar.Set(r.Step)
	}
}

// left is the time that the remaining steps will take at the pace so far.
func (n *trainNarrator) left(step int) string {
	made := step - n.first
	if made <= 0 || step >= n.steps {
		return ""
	}
	d := time.Duration(float64(time.Since(n.began)) / float64(made) * float64(n.steps-step)).Round(time.Second)
	return d.String()
}

// small tells of a step of a phase with many: on the bar, or in a line at most every five seconds, and always of the last one.
func (n *trainNarrator) small(step int, line string) {
	if n.bar != nil {
		_ = n.bar.Set(step)
		return
	}
	if left := n.left(step); left != "" {
		line += ", " + left + " left"
	}
	n.seldom(step == n.steps, line)
}

func (n *trainNarrator) generated(finished, all int) {
	spent := time.Since(n.began).Seconds()
	n.seldom(false, fmt.Sprintf("%d of %d answers, %.1f/s", finished, all, float64(finished)/max(spent, 1e-3)))
}

// seldom writes a line at most every five seconds, and always the last one.
func (n *trainNarrator) seldom(last bool, line string) {
	if !last && time.Since(n.said) < progressEvery {
		return
	}
	n.said = time.Now()
	n.say(line)
}

// say writes a line above the bar.
func (n *trainNarrator) say(line string) {
	if n.bar != nil {
		_ = n.bar.Clear()
	}
	fmt.Fprintln(n.w, line)
	if n.bar != nil {
		_ = n.bar.RenderBlank()
	}
}

// end takes the bar away.
func (n *trainNarrator) end() {
	if n.bar != nil {
		_ = n.bar.Clear()
		n.bar = nil
	}
}
