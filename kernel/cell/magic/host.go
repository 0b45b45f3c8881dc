package magic

import "context"

// Host is the session on which commands act.
type Host interface {
	// Print writes text to the cell's "stdout" or "stderr".
	Print(stream, text string)
	// Ask asks the user for a line. The error says why there is no answer.
	Ask(ctx context.Context, prompt string, password bool) (string, error)
	// Capture copies what the cell puts out from now on to a file.
	Capture(path string, appendTo bool) error
	// List describes what the session has defined and imported.
	List() string
	// Forget removes names. The error lists those that are not defined.
	Forget(names []string) error
	// Reset forgets everything: names, variables, imports.
	Reset() error
	// Functions are the names of the functions that cells have defined.
	Functions() []string
	// Scratch is the folder where !* commands run, that of the module of compiled
	// cells.
	Scratch() (string, error)
	// Widgets connects the browser; it reports whether one answers.
	Widgets(ctx context.Context) (connected bool, err error)
	// Module serves the commands about modules: use, get, autoget, noautoget,
	// track, untrack, goworkfix, resetmod.
	Module(ctx context.Context, command string, args []string) error
	// Version describes this program.
	Version() string
}
