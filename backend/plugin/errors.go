package plugin

import (
	"errors"
	"fmt"
	"strings"
)

// errNotInstalled says that the cache holds nothing for a pin.
var errNotInstalled = errors.New("not installed")

// InstallError says that there is no PJRT plug-in and that none could be installed: why each way failed, and what to put
// where by hand.
type InstallError struct {
	Device   string  // CPU or CUDA
	Place    string  // file that would be found at the next start if it were put there; empty where nothing is pinned for this platform
	SHA256   string  // the SHA-256 that file must have; empty where none is pinned
	Failures []error // one per way tried, in order
}

// Error lists every way that was tried with its reason, then what to do by hand.
func (e *InstallError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no PJRT plug-in for %s is installed, and it could not be installed:\n", e.Device)
	for _, err := range e.Failures {
		fmt.Fprintf(&b, "  - %s\n", indent(err.Error()))
	}
	b.WriteString("Either connect to the network (or a package index or proxy, as configured for pip) and try again, or put a plug-in file there by hand:\n")
	if e.Place != "" && e.SHA256 != "" {
		fmt.Fprintf(&b, "  - the file %s\n    (its sha256 must be %s), or\n", e.Place, e.SHA256)
	}
	fmt.Fprintf(&b, "  - any other PJRT plug-in, named by its path: %s=/path/to/%s", EnvPath, libraryNameOf(e.Device))
	return b.String()
}

// Unwrap gives errors.Is and errors.As the failure of every way.
func (e *InstallError) Unwrap() []error { return e.Failures }

// indent keeps the lines of a message that has several below its first one.
func indent(s string) string {
	return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ")
}
