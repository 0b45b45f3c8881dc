package cell

import (
	"flag"
	"os"
	"regexp"
	"runtime/debug"
)

// arguments lends os.Args and the flags of package flag to cells: the process
// keeps its own and gets them back.
type arguments struct {
	own   []string // os.Args of cells without %args; nil: a name alone
	args  []string
	flags *flag.FlagSet
	set   *flag.FlagSet // of the cells
}

// install makes the cells' flags those of the process.
func (a *arguments) install() {
	a.args, a.flags = os.Args, flag.CommandLine
	a.clear()
	a.prepare(nil, false, "")
}

// clear forgets the flags that cells have defined.
func (a *arguments) clear() { a.set = a.flags }

func (a *arguments) restore() { os.Args, flag.CommandLine = a.args, a.flags }

// defined finds the flags that the text of a cell defines.
var defined = regexp.MustCompile(`\bflag\.(?:CommandLine\.)?(?:(?:Bool|Duration|Float64|Int|Int64|String|Text|Uint|Uint64)(?:Var)?|BoolFunc|Func|Var)\(\s*(?:&?[\w.\[\]]+\s*,\s*)?"([^"]+)"\s*,`)

// prepare sets what a cell with the given text sees: its arguments, and the flags
// of earlier cells less those that the text defines again. For a cell that runs
// as a program they have their default values, as at a program's start.
func (a *arguments) prepare(args []string, program bool, code string) {
	// A wrong flag is the cell's error; package flag would end the process.
	fresh := flag.NewFlagSet("cell", flag.PanicOnError)
	again := map[string]bool{}
	for _, m := range defined.FindAllStringSubmatch(code, -1) {
		again[m[1]] = true
	}
	a.set.VisitAll(func(f *flag.Flag) {
		own := a.flags.Lookup(f.Name) != nil // the process's, not a cell's
		if again[f.Name] && !own {
			return
		}
		fresh.Var(f.Value, f.Name, f.Usage)
		fresh.Lookup(f.Name).DefValue = f.DefValue
		if program && !own && f.Value.String() != f.DefValue {
			_ = f.Value.Set(f.DefValue) // a default that is no text of a value cannot be set: it stays
		}
	})
	_ = fresh.Parse(nil) // package testing asks whether that has happened
	a.set, flag.CommandLine = fresh, fresh
	os.Args = append([]string{"cell"}, args...)
	if args == nil && a.own != nil {
		os.Args = append([]string(nil), a.own...)
	}
}

// version describes the program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "godcpo"
	}
	text := "godcpo " + info.Main.Version + ", " + info.GoVersion
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += ", commit " + s.Value
		}
	}
	return text
}
