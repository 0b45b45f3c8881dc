package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DataVariable is the environment variable that names the data folder.
const DataVariable = "GODCPO_DATA"

// Options says where [Open] looks and how strictly. The zero value looks in
// the folder named by the environment variable GODCPO_DATA and verifies the
// checksum.
type Options struct {
	// Dir is the folder that holds the files; "" means GODCPO_DATA.
	Dir string
	// AnyVersion accepts a file whose checksum or number of rows differs from
	// the registry's. Results on it are then not comparable with others'.
	AnyVersion bool
}

// Open reads the registered benchmark or training set of that name (see
// [Known]; aliases such as "gsm8k" work). Its errors name an unknown name
// along with the known ones, a missing folder or file, a checksum that is not
// the registered one, and any row that cannot be used, with file and line.
func Open(ctx context.Context, name string, opts Options) (*Benchmark, error) {
	info, ok := Lookup(name)
	if !ok {
		return nil, fmt.Errorf("open data set %q: unknown name; known are %s; for a file of your own use OpenFile", name, knownNames())
	}
	dir := opts.Dir
	if dir == "" {
		dir = os.Getenv(DataVariable)
	}
	if dir == "" {
		return nil, fmt.Errorf("open data set %s: no data folder: set %s, or Options.Dir, to the folder that holds %s", info.Name, DataVariable, info.File)
	}
	path := filepath.Join(dir, info.File)
	b, err := read(ctx, path, info.RepeatedRows)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open data set %s: %w; put the file there (%s, %d rows, sha256 %s) or point %s at the folder that has it",
			info.Name, err, info.Source, info.Rows, info.SHA256, DataVariable)
	}
	if !opts.AnyVersion && b != nil && b.SHA256 != info.SHA256 {
		// Told before a row error: a damaged file explains both.
		return nil, checksumError(info, path, b.SHA256, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", info.Name, err)
	}
	b.Name, b.Source, b.Licence, b.Note = info.Name, info.Source, info.Licence, info.Note
	return b, nil
}

func checksumError(info Info, path, found string, rowErr error) error {
	err := fmt.Errorf("open data set %s: %s has sha256 %s, expected %s: the file is damaged or of another version; fetch it again, or read it as it is with OpenFile or Options.AnyVersion",
		info.Name, path, found, info.SHA256)
	return errors.Join(err, rowErr)
}

// OpenFile reads a user's JSON Lines file in the schema of this package.
// Every bad row is an error that names file and line: text that is not a JSON
// object, a missing problem or answer, an id seen before.
func OpenFile(ctx context.Context, path string) (*Benchmark, error) {
	b, err := read(ctx, path, false)
	if err != nil {
		return nil, fmt.Errorf("open problems: %w", err)
	}
	return b, nil
}

// read loads path. Where rows are bad it returns both a benchmark without
// problems, which still has the checksum, and the error.
func read(ctx context.Context, path string, repeatedRows bool) (*Benchmark, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	b := &Benchmark{
		Name:   strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)),
		Path:   path,
		SHA256: hex.EncodeToString(sum[:]),
	}
	b.Problems, err = parseLines(ctx, path, data, repeatedRows)
	return b, err
}
