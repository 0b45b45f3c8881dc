//go:build !unix

package capture

import "os"

// Input makes a file the standard input of Go code until restore is called.
func Input(file *os.File) (restore func() error, err error) {
	former := os.Stdin
	os.Stdin = file
	return func() error { os.Stdin = former; return nil }, nil
}
