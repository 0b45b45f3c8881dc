package cell

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/magic"
	_ "github.com/dcpo-go/godcpo/kernel/cell/magic/celltest" // for cells with %test
	"github.com/dcpo-go/godcpo/kernel/display"
)

// magics runs the lines of a cell that are not Go and returns the rest, with
// these lines empty, so that places stay right.
func (s *Session) magics(ctx context.Context, code string) (rest string, script *magic.Script, err error) {
	script = magic.Parse(code)
	if err := script.Run(ctx, host{s}, magic.Options{Shell: s.options.Shell}); err != nil {
		var failed *magic.Error
		if errors.As(err, &failed) {
			return "", script, &Error{CommandError, failed.Error(), []string{failed.Place()}, err}
		}
		return "", script, err
	}
	rest = script.Go()
	s.arguments.prepare(script.Args, script.Program(), rest)
	return rest, script, nil
}

// host is the session as magics see it.
type host struct{ *Session }

func (h host) Print(stream, text string) { h.router.Stream(stream, text) }

// asker is what an Output may be that can ask the user.
type asker interface {
	RequestInput(ctx context.Context, prompt string, password bool) (string, error)
}

// errNobody says why nobody answers in a run without a client.
var errNobody = errors.New("the cell asks for input, and nobody is here to answer: run it in Jupyter")

func (h host) Ask(ctx context.Context, prompt string, password bool) (string, error) {
	h.router.settle()
	out := h.router.current()
	if l, ok := out.(*limited); ok {
		out = l.Output
	}
	a, ok := out.(asker)
	if !ok {
		return "", errNobody
	}
	return a.RequestInput(ctx, prompt, password)
}

func (h host) Capture(path string, appendTo bool) error {
	how := os.O_TRUNC
	if appendTo {
		how = os.O_APPEND
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		return err
	}
	h.router.copyTo(file)
	return nil
}

func (h host) Forget(names []string) error {
	h.state.Lock()
	defer h.state.Unlock()
	var unknown []string
	for _, name := range names {
		if h.scope.Object(name) == nil {
			unknown = append(unknown, name)
		}
	}
	h.scope.Forget(names...)
	if len(unknown) > 0 {
		return fmt.Errorf("%s is not defined: %%list shows what is", strings.Join(unknown, ", "))
	}
	return nil
}

func (h host) Reset() error {
	h.state.Lock()
	defer h.state.Unlock()
	h.arguments.clear()
	return h.start()
}

func (h host) Functions() []string {
	h.state.RLock()
	defer h.state.RUnlock()
	var names []string
	for _, name := range h.scope.Names() {
		if f, ok := h.scope.Object(name).(*types.Func); ok {
			names = append(names, f.Name())
		}
	}
	return names
}

// List groups what the session knows by its kind.
func (h host) List() string {
	h.state.RLock()
	defer h.state.RUnlock()
	groups := map[string][]string{}
	short := func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return p.Name()
	}
	for _, name := range h.scope.Names() {
		if strings.Contains(name, "ꞏ") {
			continue
		}
		switch o := h.scope.Object(name).(type) {
		case *types.PkgName:
			groups["imports"] = append(groups["imports"], fmt.Sprintf("%s %q", name, o.Imported().Path()))
		case *types.Var:
			groups["variables"] = append(groups["variables"], name+" "+types.TypeString(o.Type(), short))
		case *types.Func:
			groups["functions"] = append(groups["functions"], name+strings.TrimPrefix(types.TypeString(o.Type(), short), "func"))
		case *types.TypeName:
			groups["types"] = append(groups["types"], name)
		case *types.Const:
			groups["constants"] = append(groups["constants"], fmt.Sprintf("%s = %s", name, o.Val()))
		}
	}
	var b strings.Builder
	for _, kind := range []string{"imports", "constants", "types", "functions", "variables"} {
		if len(groups[kind]) > 0 {
			fmt.Fprintf(&b, "%s:\n  %s\n", kind, strings.Join(groups[kind], "\n  "))
		}
	}
	return b.String()
}

// Scratch is a folder of the session with a module of its own.
func (h host) Scratch() (string, error) {
	if h.scratch != "" {
		return h.scratch, nil
	}
	dir, err := os.MkdirTemp("", "godcpo-cells-")
	if err != nil {
		return "", fmt.Errorf("make the folder of !* commands: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module cells\n\ngo 1.26\n"), 0o644); err != nil {
		return "", fmt.Errorf("make the module of !* commands: %w", err)
	}
	h.scratch = dir
	return dir, os.Setenv("GONB_TMP_DIR", dir)
}

// Widgets connects the browser.
func (h host) Widgets(ctx context.Context) (bool, error) { return h.bridge.Connect(ctx) }

// Input asks for a line that the cell then reads from standard input.
func (h host) Input(prompt string, password bool) error {
	if err := h.input.open(); err != nil {
		return err
	}
	line, err := h.Ask(h.running(), prompt, password)
	if err != nil {
		h.Fail(fmt.Errorf("gonbui.RequestInput: %w", err)) // before the cell reads the end of its input and goes on
		return h.input.Close()
	}
	_, err = io.WriteString(&h.input, line+"\n")
	return err
}

// Display shows what gonbui sends.
func (h host) Display(b display.Bundle) { h.router.Display(b) }

// Fail ends the running cell.
func (h host) Fail(err error) {
	h.now.mu.Lock()
	defer h.now.mu.Unlock()
	if h.now.cancel != nil {
		h.now.cancel(&failedOutside{err})
	}
}

// Module serves the commands about modules.
func (h host) Module(ctx context.Context, command string, args []string) error {
	switch command {
	case "use":
		return h.use(ctx, args)
	case "get":
		return h.native.Get(ctx, args...)
	case "resetmod":
		if h.scratch == "" {
			return nil
		}
		return os.WriteFile(filepath.Join(h.scratch, "go.mod"), []byte("module cells\n\ngo 1.26\n"), 0o644)
	}
	return nil // GoNB's ways of telling gopls and go get what to look at
}

func (h host) Version() string { return version() }

// defaultShell runs the text of ! lines, as GoNB's does.
func defaultShell() string {
	if path, err := exec.LookPath("bash"); err == nil {
		return path
	}
	return "sh"
}
