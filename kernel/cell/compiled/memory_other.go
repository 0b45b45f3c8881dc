//go:build !linux

package compiled

// forgetPages does nothing where it is not known how.
func forgetPages(string) {}
