package cell

import (
	"fmt"
	"log"
	"path"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/stdlib/unrestricted"

	"github.com/dcpo-go/godcpo/kernel/cell/compiled/cellrun"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
)

// module is the import path of this module.
const module = "github.com/dcpo-go/godcpo"

// rootPackages are imported into every session that knows them.
var rootPackages = []string{module + "/datasets", module + "/backend", module + "/dcpo", module + "/kernel/display"}

// prelude is the code of the first, unseen cell.
func (s *Session) prelude() string {
	var b strings.Builder
	if s.options.Prelude == "" {
		b.WriteString("import \"fmt\"\n")
		for _, p := range rootPackages {
			if s.importer.Name(p) != "" {
				fmt.Fprintf(&b, "import %q\n", p)
			}
		}
	}
	b.WriteString(s.options.Prelude + "\n")
	// check is a function of the session, so that a cell may replace it.
	fmt.Fprintf(&b, "import runtimeꞏ %q\n", path.Dir(lower.RuntimeKey))
	b.WriteString("func check(err error) { runtimeꞏ.Check(err) }\n")
	return b.String()
}

// extraStandard holds standard packages that yaegi keeps apart as unsafe, and
// that a notebook needs. Its loggers are of a type of its own that compiled packages
// do not take: here they are Go's, and what ends the process ends the cell.
func extraStandard() Symbols {
	return Symbols{
		"log/log": {
			"Logger": reflect.ValueOf((*log.Logger)(nil)), "New": reflect.ValueOf(log.New),
			"Fatal": reflect.ValueOf(cellrun.Fatal), "Fatalf": reflect.ValueOf(cellrun.Fatalf), "Fatalln": reflect.ValueOf(cellrun.Fatalln),
		},
		"os/exec/exec":                          unrestricted.Symbols["os/exec/exec"],
		path.Dir(lower.RuntimeKey) + "/runtime": {"Check": reflect.ValueOf(func(error) {})},
	}
}
