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
// the folder named by the environment variable GODCPO_DATA, then on the hub,
// and verifies checksums.
type Options struct {
	// Dir is the folder that holds the files; "" means GODCPO_DATA.
	Dir string
	// AnyVersion accepts a file whose checksum or number of rows differs from
	// the registry's. Results on it are then not comparable with others'.
	AnyVersion bool
	// Offline forbids downloads, as GODCPO_OFFLINE does. What an earlier download
	// left in the hub's cache is used all the same.
	Offline bool
}

// Open reads the registered benchmark or training set of that name (see
// [Known]; aliases such as "gsm8k" work), or a data set of the hub, written
// owner/name, owner/name:path or owner/name@revision:path.
//
// A registered set comes from its file in the data folder, else from the hub's
// file that the registry names. Errors name an unknown name along with the known
// ones, a missing folder or file, a checksum that is not the registered one, and
// any row that cannot be used, with file and line.
func Open(ctx context.Context, name string, opts Options) (*Benchmark, error) {
	info, ok := Lookup(name)
	switch {
	case !ok && strings.Contains(name, "/"):
		return openHub(ctx, name, opts)
	case !ok:
		return nil, fmt.Errorf("open data set %q: unknown name; known are %s; for a data set of the hub write owner/name, for a file of your own use OpenFile", name, knownNames())
	case info.File == "":
		return openRegisteredHub(ctx, info, opts)
	}
	b, err := openLocal(ctx, info, opts)
	if !errors.Is(err, errNotAtHand) || info.Hub == "" {
		return b, err
	}
	b, hubErr := openRegisteredHub(ctx, info, opts)
	if hubErr != nil {
		return nil, errors.Join(err, hubErr)
	}
	return b, nil
}

// errNotAtHand is wrapped where the data folder does not have a file.
var errNotAtHand = errors.New("not at hand")

// openLocal reads a registered set from the data folder.
func openLocal(ctx context.Context, info Info, opts Options) (*Benchmark, error) {
	dir := opts.Dir
	if dir == "" {
		dir = os.Getenv(DataVariable)
	}
	if dir == "" {
		return nil, fmt.Errorf("open data set %s: %w: no data folder: set %s, or Options.Dir, to the folder that holds %s", info.Name, errNotAtHand, DataVariable, info.File)
	}
	path := filepath.Join(dir, info.File)
	b, err := read(ctx, path, info.RepeatedRows)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open data set %s: %w: %w; put the file there (%s, %d rows, sha256 %s) or point %s at the folder that has it",
			info.Name, errNotAtHand, err, info.Source, info.Rows, info.SHA256, DataVariable)
	}
	if !opts.AnyVersion && b != nil && b.SHA256 != info.SHA256 {
		// Told before a row error: a damaged file explains both.
		return nil, checksumError(info.Name, path, b.SHA256, info.SHA256, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", info.Name, err)
	}
	b.Name, b.Source, b.Licence, b.Note = info.Name, info.Source, info.Licence, info.Note
	return b, nil
}

func checksumError(name, path, found, expected string, rowErr error) error {
	err := fmt.Errorf("open data set %s: %s has sha256 %s, expected %s: the file is damaged or of another version; fetch it again, or read it as it is with OpenFile or Options.AnyVersion",
		name, path, found, expected)
	return errors.Join(err, rowErr)
}

// OpenFile reads a user's file: JSON Lines, JSON, CSV, TSV or Parquet, by the
// ending of its name. See the package comment for the columns. Every bad row is
// an error that names file and line: text that is no row, a missing problem or
// answer, an id seen before.
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
	b.Problems, err = parse(ctx, path, data, repeatedRows)
	return b, err
}
