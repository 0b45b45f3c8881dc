package cell

import (
	"regexp"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// needsImport is what the checker says of a name that is a package's.
var needsImport = regexp.MustCompile(`^undefined: ([\pL_][\pL\d_]*)( \(it needs import ".*"\))?$`)

// preferred are the packages meant where several have a name, and those that
// are not part of this program and yet used without an import in GoNB's cells.
var preferred = map[string]string{
	"rand":        "math/rand",
	"template":    "text/template",
	"scanner":     "text/scanner",
	"pprof":       "runtime/pprof",
	"constraints": "golang.org/x/exp/constraints",
}

// importMissing imports the packages that a cell names without importing them,
// where the name leaves no doubt. It returns their names.
func (s *Session) importMissing(code string, problems front.Problems) []string {
	s.state.Lock()
	defer s.state.Unlock()
	var names []string
	for _, p := range problems {
		m := needsImport.FindStringSubmatch(p.Message)
		if m == nil || !strings.Contains(code, m[1]+".") {
			continue
		}
		path := preferred[m[1]]
		if known := s.importer.Find(m[1]); path == "" && len(known) == 1 {
			path = known[0]
		}
		if path != "" && s.scope.Object(m[1]) == nil {
			s.scope.Import(m[1], path)
			names = append(names, m[1])
		}
	}
	return names
}

// forget removes names from the scope.
func (s *Session) forget(names []string) {
	s.state.Lock()
	defer s.state.Unlock()
	s.scope.Forget(names...)
}
