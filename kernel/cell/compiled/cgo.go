//go:build cgo

package compiled

const cgo = true
