package compiled

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"strings"
)

// A plug-in is refused by the Go runtime unless each package in it that this
// program has too has the same fingerprint: eight bytes that the compiler makes
// of what importers see. The linker keeps them in programs that can load
// plug-ins, as symbols, so that they can be compared before anything is built.

// fingerprintSymbol is what the linker calls the fingerprint of a package.
const fingerprintSymbol = "go:link.pkghashbytes."

// objectMagic stands before the fingerprint in an object file.
var objectMagic = []byte("\x00go120ld")

const fingerprintSize = 8

// hostID identifies this program by its build ID.
func hostID() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program's file: %w", err)
	}
	file, err := elf.Open(path)
	if err != nil {
		return fileID(path) // not ELF: macOS
	}
	defer file.Close()
	if file.Section(".interp") == nil {
		return "", errors.New("this program is linked statically, and plug-ins are loaded by the dynamic linker")
	}
	if note := file.Section(".note.go.buildid"); note != nil {
		if data, err := note.Data(); err == nil {
			return string(data), nil
		}
	}
	return fileID(path)
}

func fileID(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("look at this program's file: %w", err)
	}
	return fmt.Sprint(path, info.Size(), info.ModTime().UnixNano()), nil
}

// hostFingerprints returns the fingerprints of the packages in this program, nil
// where they cannot be read; the runtime still compares them then.
func hostFingerprints() (map[string]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's file: %w", err)
	}
	file, err := elf.Open(path)
	if err != nil {
		return nil, nil
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, fmt.Errorf("read this program's symbols: %w", err)
	}
	prints := map[string]string{}
	for _, s := range symbols {
		name, ok := strings.CutPrefix(s.Name, fingerprintSymbol)
		if !ok || int(s.Section) >= len(file.Sections) {
			continue
		}
		section := file.Sections[s.Section]
		data := make([]byte, fingerprintSize)
		if _, err := section.ReadAt(data, int64(s.Value-section.Addr)); err == nil {
			prints[name] = string(data)
		}
	}
	if len(prints) == 0 {
		return nil, errors.New("this program was linked without support for plug-ins")
	}
	return prints, nil
}

// archiveFingerprint reads the fingerprint of a compiled package.
func archiveFingerprint(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	at := bytes.Index(data, objectMagic)
	if at < 0 || at+len(objectMagic)+fingerprintSize > len(data) {
		return "", fmt.Errorf("%s holds no Go object", path)
	}
	at += len(objectMagic)
	return string(data[at : at+fingerprintSize]), nil
}
