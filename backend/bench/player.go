package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// player is a side's process; see turns.go.
type player struct {
	name    string
	cmd     *exec.Cmd
	asks    io.WriteCloser
	answers *bufio.Reader
	hello   hello
	turns   []turn
}

// startPlayer starts a side and waits until it has run its case once.
func startPlayer(ctx context.Context, name string, env []string, command ...string) (*player, error) {
	p := &player{name: name, cmd: exec.CommandContext(ctx, command[0], command[1:]...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = os.Stderr
	var err error
	if p.asks, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.answers = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := p.read(&p.hello); err != nil {
		return nil, p.failed(err)
	}
	return p, nil
}

// take lets the side run so many steps.
func (p *player) take(steps int) (turn, error) {
	var t turn
	before, _, err := busySeconds()
	if err != nil {
		return t, err
	}
	if _, err := fmt.Fprintln(p.asks, steps); err != nil {
		return t, p.failed(err)
	}
	if err := p.read(&t); err != nil {
		return t, p.failed(err)
	}
	if len(t.Seconds) != steps || len(t.CPUSeconds) != steps {
		return t, fmt.Errorf("%s: asked for %d steps, it tells of %d", p.name, steps, len(t.Seconds))
	}
	after, processors, err := busySeconds()
	if err != nil {
		return t, err
	}
	t.Others = others(after-before, processors, t)
	p.turns = append(p.turns, t)
	return t, nil
}

// others is the share of the processors' time that went to other processes during a turn in which they were busy for so long.
func others(busy float64, processors int, t turn) float64 {
	own, elapsed := 0.0, 0.0
	for i, s := range t.Seconds {
		own, elapsed = own+t.CPUSeconds[i], elapsed+s
	}
	return max(0, busy-own) / (elapsed * float64(processors))
}

func (p *player) read(answer any) error {
	line, err := p.answers.ReadString('\n')
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(line), answer); err != nil {
		return fmt.Errorf("answer %q: %w", strings.TrimSpace(line), err)
	}
	return nil
}

// failed ends a side that does not answer, and says why as far as its exit status tells. What it wrote on stderr has been seen.
func (p *player) failed(err error) error {
	if exit := p.close(); exit != nil {
		err = exit
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// close lets the side end.
func (p *player) close() error {
	if err := p.asks.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}
