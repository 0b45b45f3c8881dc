package hub

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Source names a data file on the hub.
type Source struct {
	// ID is the data set, owner/name.
	ID string
	// Revision is a branch, a tag or a full commit; "main" where none is written.
	Revision string
	// Path is the file within the data set; "" for its only data file, or the
	// only one of its test split.
	Path string
}

var (
	idPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}$`)
	revisionPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$`)
	commitPattern   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// ParseSource reads owner/name, owner/name@revision, owner/name:path and
// owner/name@revision:path.
func ParseSource(s string) (Source, error) {
	name, file, hasFile := strings.Cut(s, ":")
	id, revision, hasRevision := strings.Cut(name, "@")
	if !hasRevision {
		revision = "main"
	}
	switch {
	case !idPattern.MatchString(id) || strings.Contains(id, ".."):
		return Source{}, fmt.Errorf("%q is not the name of a data set on the hub: expected owner/name, owner/name:path or owner/name@revision:path", s)
	case !revisionPattern.MatchString(revision) || strings.Contains(revision, ".."):
		return Source{}, fmt.Errorf("%q: the revision after the @ must be a branch, a tag or a commit", s)
	case hasFile && (file == "" || path.IsAbs(file) || path.Clean(file) != file || strings.HasPrefix(file, "..") || strings.Contains(file, `\`)):
		return Source{}, fmt.Errorf("%q: expected the path of a file within the data set behind the colon", s)
	}
	return Source{id, revision, file}, nil
}

// String writes the source as [ParseSource] reads it.
func (s Source) String() string {
	text := s.ID
	if s.Revision != "" && s.Revision != "main" {
		text += "@" + s.Revision
	}
	if s.Path != "" {
		text += ":" + s.Path
	}
	return text
}
