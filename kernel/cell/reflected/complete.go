package reflected

import (
	"fmt"
	"go/token"
	"go/types"
	"os"

	"golang.org/x/tools/go/gcexportdata"
)

// Complete adds to a package what the symbol tables do not hold, generic
// functions for one, from its compiled form; a package that is not in the tables
// becomes known. What was known before stays what it is, so that types are the
// same by either way.
func (m *Importer) Complete(importPath, archive string) error {
	if err := m.importAll(); err != nil {
		return err
	}
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("open the compiled package %s: %w", importPath, err)
	}
	defer file.Close()
	data, err := gcexportdata.NewReader(file)
	if err != nil {
		return fmt.Errorf("read the compiled package %s: %w", importPath, err)
	}
	known := map[string]*types.Package{}
	for path, pkg := range m.started {
		known[path] = pkg
	}
	for path, pkg := range m.packages {
		known[path] = pkg
	}
	pkg, err := gcexportdata.Read(data, token.NewFileSet(), known, importPath)
	if err != nil {
		return fmt.Errorf("read the compiled package %s: %w", importPath, err)
	}
	m.packages[importPath], m.names[importPath] = pkg, pkg.Name()
	for path, pkg := range known {
		if m.started[path] == nil && m.packages[path] == nil {
			m.started[path] = pkg
		}
	}
	return nil
}

// importAll makes every package of the tables, and every type met, known by
// name before compiled packages refer to them.
func (m *Importer) importAll() error {
	if m.all {
		return nil
	}
	for _, path := range m.Paths() {
		if _, err := m.Import(path); err != nil {
			return err
		}
	}
	for name := range m.goTypes {
		if token.IsIdentifier(name.Name()) && name.Pkg().Scope().Lookup(name.Name()) == nil {
			name.Pkg().Scope().Insert(name)
		}
	}
	m.all = true
	return nil
}
