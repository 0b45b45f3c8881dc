package magic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// wholeCell runs a cell of which the first line says what to do with the rest.
func (r *run) wholeCell(first string) error {
	all := words(first)
	r.name = all[0]
	body := r.body
	if body != "" && !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	switch args := all[1:]; r.name {
	case "%%writefile":
		return r.writeFile(args, body)
	case "%%script":
		if len(args) == 0 {
			return errors.New("%%script needs a command")
		}
		return r.command(args, "", strings.NewReader(body))
	default:
		if len(args) > 0 {
			return fmt.Errorf("%s takes nothing behind it: %%%%script takes a command with arguments", r.name)
		}
		return r.command([]string{strings.TrimPrefix(r.name, "%%")}, "", strings.NewReader(body))
	}
}

func (r *run) writeFile(args []string, body string) error {
	name, appendTo, err := fileArgument(r.name, args)
	if err != nil {
		return err
	}
	how, done := os.O_TRUNC, "written to"
	if appendTo {
		how, done = os.O_APPEND, "appended to"
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, body)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	r.host.Print("stdout", fmt.Sprintf("%s %s\n", done, name))
	return nil
}

// shell runs the text of a ! line. It ends with the cell's context.
func (r *run) shell(text string) error {
	if text == "" {
		return nil
	}
	dir := ""
	if rest, ok := strings.CutPrefix(text, "*"); ok {
		scratch, err := r.host.Scratch()
		if err != nil {
			return err
		}
		dir, text = scratch, rest
	}
	argv := append(append([]string(nil), r.options.Shell...), text)
	if !r.Inputs {
		return r.command(argv, dir, nil)
	}
	password := r.Password
	r.Inputs, r.Password = false, false
	input, lines, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the input of the command: %w", err)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	asked := make(chan error, 1)
	go func() { asked <- AskLines(ctx, r.host, password, lines) }()
	err = r.command(argv, dir, input)
	cancel()
	unasked := <-asked
	if ctxErr := r.ctx.Err(); ctxErr == nil && errors.Is(unasked, context.Canceled) {
		unasked = nil // the command wanted no more
	}
	return errors.Join(err, unasked, input.Close())
}

// promptDelay is how long a program runs before the user is asked for a line:
// one that reads nothing is done by then.
const promptDelay = 200 * time.Millisecond

// AskLines asks the user for lines and writes them to w, until ctx ends or the
// user cannot be asked. It closes w.
func AskLines(ctx context.Context, host Host, password bool, w io.WriteCloser) error {
	defer w.Close()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(promptDelay):
		}
		line, err := host.Ask(ctx, "", password)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return nil // the program reads no more
		}
	}
}

// command runs a program whose output is the cell's.
func (r *run) command(argv []string, dir string, input io.Reader) error {
	cmd := exec.CommandContext(r.ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir = input, os.Stdout, os.Stderr, dir
	ownGroup(cmd)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run the command: %w", err)
	}
	return nil
}
