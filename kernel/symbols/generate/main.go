// Command generate writes the symbol tables of package symbols, one file a package: generate [FOLDER [PACKAGE]]. Without a
// folder it writes into the current one; without a package (the end of an import path), all of the list.
// generate -docs FOLDER writes the documentation alone.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/traefik/yaegi/extract"
)

const module = "github.com/dcpo-go/godcpo/"

// packages is what cells can import beside the standard library. Generic functions are left out by the extractor: cells use
// the concrete ones.
var packages = []string{
	module + "backend",
	module + "backend/decoder",
	module + "backend/learner",
	module + "backend/plan",
	module + "backend/reference",
	module + "backend/serve",
	module + "backend/tokenizer",
	module + "datasets",
	module + "datasets/arithmetic",
	module + "datasets/grade",
	module + "datasets/logic",
	module + "dcpo",
	module + "dcpo/advantage",
	module + "dcpo/alarm",
	module + "dcpo/calibration",
	module + "dcpo/config",
	module + "dcpo/curriculum",
	module + "dcpo/evaluation",
	module + "dcpo/evaluation/journal",
	module + "dcpo/evaluation/paper",
	module + "dcpo/explore",
	module + "dcpo/figure",
	module + "dcpo/loss",
	module + "dcpo/probe",
	module + "dcpo/recalibrate",
	module + "dcpo/reward",
	module + "dcpo/track",
	module + "dcpo/verbal",
	module + "dcpo/vllm",
	module + "kernel/display",
	"github.com/janpfeifer/gonb/gonbui",
	"github.com/janpfeifer/gonb/gonbui/comms",
	"github.com/janpfeifer/gonb/gonbui/dom",
	"github.com/janpfeifer/gonb/gonbui/widgets",
	"gonum.org/v1/gonum/floats",
	"gonum.org/v1/gonum/mat",
	"gonum.org/v1/gonum/stat",
	"gonum.org/v1/plot",
	"gonum.org/v1/plot/palette",
	"gonum.org/v1/plot/plotter",
	"gonum.org/v1/plot/plotutil",
	"gonum.org/v1/plot/vg",
	"gonum.org/v1/plot/vg/draw",
}

func main() {
	log.SetFlags(0)
	dir := "."
	if len(os.Args) == 3 && os.Args[1] == "-docs" {
		if err := writeDocs(os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	for _, path := range packages {
		if len(os.Args) > 2 && !strings.HasSuffix(path, os.Args[2]) {
			continue
		}
		if err := generate(dir, path); err != nil {
			log.Fatalf("generate symbols of %s: %v", path, err)
		}
	}
	if len(os.Args) <= 2 {
		if err := writeDocs(dir); err != nil {
			log.Fatal(err)
		}
	}
}

func generate(dir, path string) error {
	e := extract.Extractor{Dest: "symbols"}
	var b bytes.Buffer
	if _, err := e.Extract(path, "", &b); err != nil {
		return err
	}
	// The extractor fills a map named Symbols; ours is not exported.
	source := strings.ReplaceAll(b.String(), "\tSymbols[", "\ttable[")
	source = strings.Replace(source, "DO NOT EDIT.\n", "DO NOT EDIT.\n\n//lint:file-ignore SA1019 What is deprecated is there for cells all the same.\n", 1)
	formatted, err := format.Source([]byte(source))
	if err != nil {
		return fmt.Errorf("the extractor wrote invalid Go: %w", err)
	}
	name := strings.NewReplacer(module, "", "gonum.org/v1/", "", "github.com/janpfeifer/gonb/", "", "/", "_").Replace(path) + ".go"
	return os.WriteFile(filepath.Join(dir, name), formatted, 0o644)
}
