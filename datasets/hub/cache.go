package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// errAbsent tells that a file is not in the cache, or damaged there.
var errAbsent = errors.New("not in the cache")

// Cached returns the path of a source's file if the cache has it, whole; it
// never touches the network. Without a path in the source it finds the file
// only where the hub was asked before.
func Cached(source Source, opts Options) (string, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return "", err
	}
	root := filepath.Join(opts.Cache, "datasets--"+strings.ReplaceAll(source.ID, "/", "--"))
	known, err := readListing(filepath.Join(root, "info", source.Revision))
	if err != nil {
		return "", err
	}
	commit := source.Revision
	if !commitPattern.MatchString(commit) {
		if commit = known.Commit; commit == "" {
			ref, err := os.ReadFile(filepath.Join(root, "refs", source.Revision))
			if err != nil {
				return "", absent(source)
			}
			commit = strings.TrimSpace(string(ref))
		}
	}
	if !commitPattern.MatchString(commit) {
		return "", absent(source)
	}
	name := source.Path
	if name == "" {
		if name, err = choose(source, known.names()); err != nil {
			return "", absent(source)
		}
	}
	path := filepath.Join(root, "snapshots", commit, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		return "", absent(source)
	}
	if wanted := known.hash(name, path); wanted != "" {
		if err := check(path, wanted); err != nil {
			return "", fmt.Errorf("%w: %w", absent(source), err)
		}
	}
	return path, nil
}

func absent(source Source) error { return fmt.Errorf("%s: %w", source, errAbsent) }

// listing is what the hub says about one revision; go-huggingface keeps it in
// the cache.
type listing struct {
	Commit string `json:"sha"`
	Files  []struct {
		Name string `json:"rfilename"`
		Blob string `json:"blobId"`
		LFS  *struct {
			SHA256 string `json:"sha256"`
		} `json:"lfs"`
	} `json:"siblings"`
}

// readListing reads a kept listing; an absent or damaged one is empty.
func readListing(path string) (listing, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return listing{}, nil
		}
		return listing{}, err
	}
	var l listing
	if json.Unmarshal(text, &l) != nil {
		return listing{}, nil
	}
	return l, nil
}

func (l listing) names() []string {
	names := make([]string, len(l.Files))
	for i, f := range l.Files {
		names[i] = f.Name
	}
	return names
}

var hashPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// hash is what the content of a file must have: the SHA-256 of large ones,
// git's id of small ones. Where the hub was not asked it is the name of the
// blob that the file is a link to, if that is a hash.
func (l listing) hash(name, path string) string {
	for _, f := range l.Files {
		if f.Name == name && f.LFS != nil && hashPattern.MatchString(f.LFS.SHA256) {
			return f.LFS.SHA256
		}
		if f.Name == name && hashPattern.MatchString(f.Blob) {
			return f.Blob
		}
	}
	if target, err := os.Readlink(path); err == nil && hashPattern.MatchString(filepath.Base(target)) {
		return filepath.Base(target)
	}
	return ""
}

// errOther is wrapped when a file is not what the hub listed.
var errOther = errors.New("it is not the file that the hub lists")

// check compares a file with its hash: a SHA-256, or git's id of a blob, which
// is the SHA-1 of the content behind its type and length.
func check(path, wanted string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var sum hash.Hash = sha256.New()
	kind := "sha256"
	if len(wanted) == hex.EncodedLen(sha1.Size) {
		kind, sum = "git blob id", sha1.New()
		fmt.Fprintf(sum, "blob %d\x00", info.Size())
	}
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != wanted {
		return fmt.Errorf("%s of %s is %s, expected %s: %w", kind, filepath.Base(path), got, wanted, errOther)
	}
	return nil
}

// discard removes a file from the cache, and the blob it is a link to.
func discard(path string) error {
	blob, err := filepath.EvalSymlinks(path)
	if err == nil && blob != path {
		err = os.Remove(blob)
	}
	if removed := os.Remove(path); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		return errors.Join(err, removed)
	}
	return err
}
