package server

import "syscall"

// waitTimeout is what WaitForSingleObject returns while the process runs.
const waitTimeout = 0x102

// parentProbe returns what tells whether the process behind the inherited handle is alive, and false where it cannot be told.
func parentProbe(handle uint64) (alive func() bool, ok bool) {
	running := func() bool {
		event, err := syscall.WaitForSingleObject(syscall.Handle(handle), 0)
		return err == nil && event == waitTimeout
	}
	return running, running()
}
