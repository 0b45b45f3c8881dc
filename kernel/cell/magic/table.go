package magic

import (
	"errors"
	"fmt"
	"strings"
)

// entry is one command.
type entry struct {
	names []string // with their % signs
	args  string   // what may follow, for the help
	help  string
	run   func(r *run, args []string) error
}

// group is a part of the help.
type group struct {
	title   string
	entries []entry
}

// table lists the commands, as %help shows them.
func table() []group {
	return []group{
		{"Main code", []entry{
			{[]string{"%%", "%main"}, "[ARG...]", "the lines below become func main, which first parses the flags of package flag", (*run).args},
			{[]string{"%args"}, "[ARG...]", "what os.Args holds for this cell", (*run).args},
			{[]string{"%exec"}, "FUNC [ARG...]", "run a function as main", (*run).exec},
			{[]string{"%test"}, "[FLAG...]", "run the cell's Test and Benchmark functions, or all if it has none; flags as -test.run=Add", (*run).test},
			{[]string{"%with_inputs"}, "", "ask for the lines that the next ! command, or the Go code of the cell, reads", (*run).inputs},
			{[]string{"%with_password"}, "", "the same without showing them", (*run).password},
			{[]string{"%capture"}, "[-a] FILE", "copy the cell's output to a file; -a appends", (*run).capture},
		}},
		{"Session", []entry{
			{[]string{"%list", "%ls"}, "", "list what is defined and imported", (*run).list},
			{[]string{"%rm", "%remove"}, "NAME...", "forget names", (*run).remove},
			{[]string{"%reset"}, "[go.mod]", "forget everything, or only the module's requirements", (*run).reset},
			{[]string{"%env"}, "[NAME [VALUE]]", "set an environment variable, print one, or list all", (*run).env},
			{[]string{"%cd"}, "[DIR]", "change the working folder and print it", (*run).cd},
			{[]string{"%version"}, "", "the version of this program", (*run).version},
			{[]string{"%help"}, "", "this text", (*run).help},
		}},
		{"Modules", []entry{
			{[]string{"%use"}, "DIR", "compile cells in a module of yours", (*run).module},
			{[]string{"%get"}, "PACKAGE[@VERSION]", "add a package to the module of compiled cells", (*run).module},
			{[]string{"%autoget", "%noautoget"}, "", "whether unknown packages are fetched by themselves", (*run).module},
			{[]string{"%goflags"}, "[FLAG...]", "flags noted for compiled cells", (*run).goflags},
			{[]string{"%track", "%untrack", "%goworkfix"}, "[...]", "accepted for GoNB's sake", (*run).module},
		}},
		{"Browser", []entry{
			{[]string{"%widgets", "%widgets_hb"}, "", "connect the browser for gonbui's widgets; _hb tells whether it answers", (*run).widgets},
			{[]string{"%wasm"}, "", "not supported", (*run).wasm},
		}},
		{"First line of a cell", []entry{
			{[]string{Compiled}, "", "compile the cell", (*run).misplaced},
			{[]string{Interpreted}, "", "interpret the cell; without either the session chooses", (*run).misplaced},
			{[]string{"%%bash", "%%sh"}, "", "run the cell as a shell script", (*run).misplaced},
			{[]string{"%%script"}, "COMMAND...", "run a command with the cell as its input", (*run).misplaced},
			{[]string{"%%writefile"}, "[-a] FILE", "write the cell to a file; -a appends", (*run).misplaced},
		}},
	}
}

// Names lists the commands, with their % signs.
func Names() []string {
	var names []string
	for _, g := range table() {
		for _, e := range g.entries {
			names = append(names, e.names...)
		}
	}
	return names
}

// lookup finds a command. The error names the nearest.
func lookup(name string) (entry, error) {
	for _, g := range table() {
		for _, e := range g.entries {
			for _, known := range e.names {
				if known == name {
					return e, nil
				}
			}
		}
	}
	hint := "see %help"
	if near := nearest(name, Names()); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return entry{}, fmt.Errorf("there is no command %s: %s", name, hint)
}

// helpText is what %help prints.
func helpText() string {
	var b strings.Builder
	b.WriteString("Lines of a cell that are not Go; they run before its Go code, in their order:\n")
	write := func(usage, help string) { fmt.Fprintf(&b, "  %-32s %s\n", usage, help) }
	write("!COMMAND", "run a shell command; a line ending in \\ goes on in the next")
	write("!*COMMAND", "the same in the folder of the module of compiled cells")
	for _, g := range table() {
		fmt.Fprintf(&b, "%s:\n", g.title)
		for _, e := range g.entries {
			write(strings.TrimSpace(strings.Join(e.names, ", ")+" "+e.args), e.help)
		}
	}
	b.WriteString("A command may also be written as a comment: " + goPrefix + "%cd /tmp. func init and func init_NAME run where they stand.\n")
	return b.String()
}

func (r *run) misplaced([]string) error {
	return fmt.Errorf("%s can only stand in the first line of a cell", r.name)
}

func (r *run) wasm([]string) error {
	return errors.New("%wasm is not supported: cells run in the kernel's process; gonbui/widgets and gonbui/dom reach the browser")
}
