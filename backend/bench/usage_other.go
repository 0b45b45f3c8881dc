//go:build !unix

package main

import (
	"errors"
	"runtime"
)

type usage struct {
	cpu  float64
	peak int64
}

func processUsage() (usage, error) {
	return usage{}, errors.New("processor time cannot be measured on " + runtime.GOOS)
}
