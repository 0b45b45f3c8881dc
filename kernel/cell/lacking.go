package cell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/cell/compiled"
	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/magic"
)

// What the type checker says about packages that are not in the symbol tables,
// and about names that symbol tables cannot hold.
var (
	unknownPackage = regexp.MustCompile(`^could not import (\S+) \(`)
	unknownName    = regexp.MustCompile(`^undefined: ([\pL_][\pL\d_]*)\.[\pL_]`)
)

// checkMore checks a cell. Where it fails for want of a package or of a part of
// one, the compiled package is looked at and the cell is checked again; the cell
// will be compiled.
func (s *Session) checkMore(ctx context.Context, code, engine string) (*front.Unit, error) {
	tried := map[string]bool{}
	imported, looked := []string{}, false
	for {
		unit, err := s.check(code)
		var problems front.Problems
		if errors.As(err, &problems) && !looked {
			looked = true
			if names := s.importMissing(code, problems); len(names) > 0 {
				imported = append(imported, names...)
				continue
			}
		}
		if !errors.As(err, &problems) || engine == magic.Interpreted || s.options.Interpret {
			return unit, err
		}
		path, at := s.lacking(code, problems)
		if path == "" || tried[path] {
			return unit, err
		}
		tried[path], looked = true, false
		why := s.adopt(ctx, path)
		file := ""
		if why == nil {
			file, why = s.native.Package(ctx, path)
		}
		if why == nil {
			s.state.Lock()
			why = s.importer.Complete(path, file)
			s.state.Unlock()
		}
		if why != nil {
			s.forget(imported) // or they would fail every later cell
			return nil, lackingError(ctx, problems, at, why)
		}
	}
}

// use makes the packages of the module in a folder importable.
func (s *Session) use(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("%use takes the folder of a module")
	}
	path, err := s.native.Use(ctx, args[0])
	if err == nil {
		s.router.Stream(capture.Stderr, fmt.Sprintf("note: cells can import the packages of module %s in %s\n", path, args[0]))
	}
	return err
}

// adopt uses the module that the working folder is part of, where a package that is not known is one of its.
func (s *Session) adopt(ctx context.Context, importPath string) error {
	dir, err := os.Getwd()
	if err != nil {
		return nil // then there is no module beside the notebook
	}
	root, path := compiled.ModuleAt(dir)
	if path == "" || path == module || importPath != path && !strings.HasPrefix(importPath, path+"/") {
		return nil
	}
	_, err = s.native.Use(ctx, root)
	return err
}

// lackingError says why a package could not be looked at. Without a compiler the
// checker's own words are enough.
func lackingError(ctx context.Context, problems front.Problems, at int, why error) error {
	if ctx.Err() != nil {
		return why
	}
	var unavailable *compiled.Unavailable
	out := append(front.Problems(nil), problems...)
	if errors.As(why, &unavailable) {
		out[at].Message += "; " + unavailable.Error()
		return out
	}
	text := strings.TrimSpace(why.Error())
	out[at].Message += "; " + text[strings.LastIndex(text, "\n")+1:]
	return out
}

// lacking returns the import path of a package of which the problems say that
// something is missing, and the index of the problem.
func (s *Session) lacking(code string, problems front.Problems) (path string, at int) {
	for i, p := range problems {
		if m := unknownPackage.FindStringSubmatch(p.Message); m != nil {
			return m[1], i
		}
		if m := unknownName.FindStringSubmatch(p.Message); m != nil {
			if path := s.scope.ImportPath(code, m[1]); path != "" {
				return path, i
			}
		}
	}
	return "", 0
}
