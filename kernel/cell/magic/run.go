package magic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
)

// run is one execution of a script.
type run struct {
	*Script
	ctx     context.Context
	host    Host
	options Options
	name    string // of the command that runs
}

// Options say how commands are run.
type Options struct {
	// Shell is the command and its arguments before the text of a ! line.
	Shell []string
}

// Run runs the commands in their order and stops at the first that fails. The
// error is an *Error.
func (s *Script) Run(ctx context.Context, host Host, options Options) error {
	r := &run{Script: s, ctx: ctx, host: host, options: options}
	for _, c := range s.commands {
		if err := r.one(c.text); err != nil {
			return &Error{c.line, c.text, err}
		}
	}
	return nil
}

func (r *run) one(text string) error {
	if r.whole {
		return r.wholeCell(text)
	}
	if command, ok := strings.CutPrefix(text, "!"); ok {
		return r.shell(strings.TrimSpace(command))
	}
	all := words(strings.TrimSpace(strings.TrimPrefix(text, "%")))
	if len(all) == 0 {
		return nil
	}
	r.name = "%" + all[0]
	e, err := lookup(r.name)
	if err != nil {
		return err
	}
	return e.run(r, all[1:])
}

func (r *run) args(args []string) error {
	if isMain(r.name) && len(args) == 0 {
		return nil // those of %args hold
	}
	r.Args = args
	return nil
}

func (r *run) exec(args []string) error {
	if len(args) == 0 {
		return errors.New("%exec needs the name of a function")
	}
	r.Script.exec, r.Args = args[0], args[1:]
	return nil
}

func (r *run) inputs([]string) error {
	r.Inputs = true
	return nil
}

func (r *run) password([]string) error {
	r.Inputs, r.Password = true, true
	return nil
}

func (r *run) capture(args []string) error {
	name, appendTo, err := fileArgument(r.name, args)
	if err != nil {
		return err
	}
	return r.host.Capture(name, appendTo)
}

// fileArgument reads [-a] FILE.
func fileArgument(command string, args []string) (name string, appendTo bool, err error) {
	if len(args) > 1 && args[0] == "-a" {
		appendTo, args = true, args[1:]
	}
	if len(args) != 1 {
		return "", false, fmt.Errorf("%s takes the name of one file, with -a before it to append", command)
	}
	return path(args[0]), appendTo, nil
}

func (r *run) list([]string) error {
	r.host.Print("stdout", r.host.List())
	return nil
}

func (r *run) remove(args []string) error { return r.host.Forget(args) }

func (r *run) reset(args []string) error {
	switch {
	case len(args) == 0:
		return r.host.Reset()
	case len(args) == 1 && args[0] == "go.mod":
		return r.host.Module(r.ctx, "resetmod", nil)
	}
	return errors.New("%reset takes nothing or go.mod")
}

func (r *run) version([]string) error {
	r.host.Print("stdout", r.host.Version()+"\n")
	return nil
}

func (r *run) help([]string) error {
	r.host.Print("stdout", helpText())
	return nil
}

func (r *run) module(args []string) error {
	return r.host.Module(r.ctx, strings.TrimPrefix(r.name, "%"), args)
}

// goflags notes flags, which do not reach compiled cells: those must be built as
// the kernel was, or they could not be loaded into it.
func (r *run) goflags(args []string) error {
	const variable = "GODCPO_GOFLAGS"
	if len(args) > 0 {
		var flags []string
		for _, arg := range args {
			if arg != "" {
				flags = append(flags, arg)
			}
		}
		if err := os.Setenv(variable, strings.Join(flags, " ")); err != nil {
			return err
		}
	}
	flags := strings.Fields(os.Getenv(variable))
	r.host.Print("stdout", fmt.Sprintf("%%goflags=%q\n", flags))
	if len(flags) > 0 && len(args) > 0 {
		r.host.Print("stderr", "note: the flags are kept but not used: cells are compiled with the flags of this program, without which they could not be loaded into it\n")
	}
	return nil
}

func (r *run) widgets([]string) error {
	connected, err := r.host.Widgets(r.ctx)
	if err != nil {
		return err
	}
	if r.name == "%widgets_hb" {
		answer := "the browser does not answer\n"
		if connected {
			answer = "the browser answers\n"
		}
		r.host.Print("stdout", answer)
	}
	return nil
}

func (r *run) cd(args []string) error {
	if len(args) > 1 {
		return errors.New("%cd takes one folder")
	}
	if len(args) == 1 {
		if err := os.Chdir(path(args[0])); err != nil {
			return err
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	r.host.Print("stdout", dir+"\n")
	return os.Setenv("GONB_DIR", dir)
}

// env sets a variable, given as NAME VALUE or NAME=VALUE, prints one, or lists
// all.
func (r *run) env(args []string) error {
	if len(args) == 0 {
		all := os.Environ()
		sort.Strings(all)
		r.host.Print("stdout", strings.Join(all, "\n")+"\n")
		return nil
	}
	name, value, found := strings.Cut(strings.Join(args, " "), "=")
	if !found || strings.Contains(name, " ") {
		name, value = args[0], strings.Join(args[1:], " ")
	}
	if !found && len(args) == 1 {
		value, found := os.LookupEnv(name)
		if !found {
			return fmt.Errorf("the environment variable %s is not set", name)
		}
		r.host.Print("stdout", value+"\n")
		return nil
	}
	return os.Setenv(name, value)
}
