//go:build !unix

package atomicdir

import "errors"

// lock would tell that a directory's writer lives.
type lock struct{}

// tryLock fails: directories cannot be locked here, so nobody's are cleared away.
func tryLock(string) (*lock, bool, error) { return nil, false, errors.ErrUnsupported }

func (*lock) release() {}
