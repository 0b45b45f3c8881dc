//go:build !linux

package main

import (
	"errors"
	"runtime"
)

// busySeconds is not known here, so that nothing can be compared.
func busySeconds() (seconds float64, processors int, err error) {
	return 0, 0, errors.New("how busy the processors are cannot be measured on " + runtime.GOOS)
}
