package cell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// magicHelp is what %help prints.
const magicHelp = `Lines of a cell that are not Go; they run before its Go code:
  !command          run a shell command
  %cd [DIR]         change the working folder, or print it
  %env [NAME VALUE] set an environment variable, or list all
  %list             list what the session has defined and imported
  %rm NAME...       forget names
  %help             this text
  %%, %main         start of the main code: does nothing here, as in GoNB's cells
A cell whose first line is %%bash runs as a shell script. %%go as the first line
has a cell compiled, %%yaegi has it interpreted; without either the session
interprets what the interpreter runs correctly and compiles the rest.
`

// magics runs the lines of a cell that are not Go and returns the cell with
// these lines empty, so that places stay right. engine is the one that the cell
// asks for.
func (s *Session) magics(ctx context.Context, code string) (rest, engine string, err error) {
	lines := strings.Split(code, "\n")
	switch first := strings.TrimSpace(lines[0]); first {
	case "%%bash":
		return "", "", s.command(ctx, strings.Join(lines[1:], "\n"))
	case compiledMagic, interpretedMagic:
		engine, lines[0] = first, ""
	}
	for i, line := range lines {
		text := strings.TrimSpace(line)
		if !strings.HasPrefix(text, "!") && !strings.HasPrefix(text, "%") {
			continue
		}
		before := strings.Join(lines[:i], "\n")
		if i > 0 {
			before += "\n"
		}
		if !split.AtStatement(before) {
			continue // an operator at the start of a line, or text in a string
		}
		lines[i] = ""
		if err := s.magic(ctx, text); err != nil {
			return "", "", &Error{CommandError, err.Error(), []string{fmt.Sprintf("line %d: %s: %v", i+1, text, err)}, err}
		}
	}
	return strings.Join(lines, "\n"), engine, nil
}

// magic runs one line.
func (s *Session) magic(ctx context.Context, line string) error {
	if command, ok := strings.CutPrefix(line, "!"); ok {
		return s.command(ctx, command)
	}
	fields := strings.Fields(line)
	switch name, args := fields[0], fields[1:]; name {
	case "%%", "%main":
		return nil
	case "%help":
		s.router.Stream(capture.Stdout, magicHelp)
		return nil
	case "%cd":
		return s.changeFolder(args)
	case "%env":
		return s.environment(args)
	case "%list":
		s.state.RLock()
		defer s.state.RUnlock()
		s.router.Stream(capture.Stdout, strings.Join(s.scope.Names(), "\n")+"\n")
		return nil
	case "%rm":
		s.state.Lock()
		defer s.state.Unlock()
		s.scope.Forget(args...)
		return nil
	default:
		return fmt.Errorf("%s is not supported yet: see %%help", name)
	}
}

func (s *Session) changeFolder(args []string) error {
	if len(args) > 1 {
		return errors.New("%cd takes one folder")
	}
	if len(args) == 1 {
		if err := os.Chdir(args[0]); err != nil {
			return err
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	s.router.Stream(capture.Stdout, dir+"\n")
	return nil
}

// environment sets a variable, given as NAME VALUE or NAME=VALUE, or lists all.
func (s *Session) environment(args []string) error {
	if len(args) == 0 {
		all := os.Environ()
		sort.Strings(all)
		s.router.Stream(capture.Stdout, strings.Join(all, "\n")+"\n")
		return nil
	}
	name, value, found := strings.Cut(strings.Join(args, " "), "=")
	if !found || strings.Contains(name, " ") {
		name, value = args[0], strings.Join(args[1:], " ")
	}
	return os.Setenv(name, value)
}

// command runs a shell command whose output is the cell's. It ends with the
// cell's context.
func (s *Session) command(ctx context.Context, text string) error {
	shell := s.options.Shell
	cmd := exec.CommandContext(ctx, shell[0], append(append([]string(nil), shell[1:]...), text)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	ownGroup(cmd)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run the command: %w", err)
	}
	return nil
}
