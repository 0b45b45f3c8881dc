package hub

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Name is a model on the hub: owner/model, with the revision after an @ where it is not the main branch.
type Name struct {
	Owner, Model string
	// Revision is a branch, a tag or a full commit; "main" where none was written.
	Revision string
}

var (
	partPattern     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}$`)
	revisionPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$`)
	commitPattern   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// ParseName reads owner/model or owner/model@revision.
func ParseName(s string) (Name, error) {
	id, revision, found := strings.Cut(s, "@")
	if !found {
		revision = "main"
	}
	owner, model, _ := strings.Cut(id, "/")
	n := Name{owner, model, revision}
	for _, part := range []string{owner, model} {
		if !partPattern.MatchString(part) || strings.Contains(part, "..") || strings.Contains(part, "--") {
			return Name{}, fmt.Errorf("%q is not the name of a model on the hub: expected owner/model or owner/model@revision", s)
		}
	}
	if !revisionPattern.MatchString(revision) || !filepath.IsLocal(revision) {
		return Name{}, fmt.Errorf("%q: the revision after the @ must be a branch, a tag or a commit", s)
	}
	return n, nil
}

// ID is the name without the revision.
func (n Name) ID() string { return n.Owner + "/" + n.Model }

// String writes the name as ParseName reads it.
func (n Name) String() string {
	if n.Revision == "main" {
		return n.ID()
	}
	return n.ID() + "@" + n.Revision
}
