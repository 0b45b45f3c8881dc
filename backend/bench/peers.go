package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed peers/*.py
var peerScripts embed.FS

// peer is another implementation of a case, in Python.
type peer struct {
	name     string
	script   string
	mode     string // see spec.Mode
	packages []string
}

var torchPackages, jaxPackages = []string{"torch", "transformers"}, []string{"jax"}

// peers are those of each case on the small model.
var peers = map[string][]peer{
	"train": {{"PyTorch", "pytorch.py", "train", torchPackages}, {"JAX", "jax_decoder.py", "train", jaxPackages}},
	"score": {{"PyTorch", "pytorch.py", "score", torchPackages}, {"JAX", "jax_decoder.py", "score", jaxPackages}},
	"decode": {{"transformers.generate", "pytorch.py", "generate", torchPackages}, {"PyTorch loop", "pytorch.py", "loop", torchPackages},
		{"JAX", "jax_decoder.py", "decode", jaxPackages}},
	"encode": {{"tokenizers", "hf_tokenizers.py", "", []string{"tokenizers"}}},
}

// writePeers puts the scripts into a directory.
func writePeers(dir string) error {
	files, err := peerScripts.ReadDir("peers")
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := peerScripts.ReadFile("peers/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// python picks the first interpreter that has all of the peer's packages, "" without one.
func (p peer) python(ctx context.Context, interpreters []string) string {
	check := fmt.Sprintf("import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, '%s'.split())))", strings.Join(p.packages, " "))
	for _, python := range interpreters {
		if exec.CommandContext(ctx, python, "-c", check).Run() == nil {
			return python
		}
	}
	return ""
}

// environment binds what a side runs to so many threads, to the CPU, and to this machine.
func environment(threads int) []string {
	n := strconv.Itoa(threads)
	return []string{"GOMAXPROCS=" + n, "OMP_NUM_THREADS=" + n, "MKL_NUM_THREADS=" + n, "RAYON_NUM_THREADS=" + n,
		"JAX_PLATFORMS=cpu", "CUDA_VISIBLE_DEVICES=", "HF_HUB_OFFLINE=1", "PYTHONWARNINGS=ignore", "TRANSFORMERS_VERBOSITY=error"}
}
