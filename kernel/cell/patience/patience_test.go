package patience

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// id is the number of the calling goroutine.
func id(t *testing.T) uint64 {
	var buf [64]byte
	n, err := strconv.ParseUint(strings.Fields(string(buf[:runtime.Stack(buf[:], false)]))[1], 10, 64)
	if err != nil {
		t.Error(err)
	}
	return n
}

// ofOurs stands for a call of this module's own.
func ofOurs(release chan struct{}) { <-release }

// TestAwait: a goroutine in strange code is given up after the grace, one in a call of this module's own is waited for, and only if it is the cell's.
func TestAwait(t *testing.T) {
	packages = append(packages, []byte("\ngithub.com/dcpo-go/godcpo/kernel/cell/patience.ofOurs"))
	for name, c := range map[string]struct {
		run    func(release chan struct{})
		member bool // the goroutine is the cell's
		own    time.Duration
		ends   bool // the call ends while it is waited for
		want   bool
	}{
		"strange":       {func(release chan struct{}) { <-release }, true, time.Hour, false, false},
		"own":           {ofOurs, true, time.Hour, true, true},
		"another's own": {ofOurs, false, time.Hour, false, false},
		"own, too long": {ofOurs, true, 30 * time.Millisecond, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			release, done, number := make(chan struct{}), make(chan struct{}), make(chan uint64)
			go func() {
				defer close(done)
				number <- id(t)
				c.run(release)
			}()
			cell := <-number
			asked := 0
			got := Await(done, 50*time.Millisecond, c.own, func() map[uint64]bool {
				if asked++; asked == 3 && c.ends { // it was waited for before
					close(release)
				}
				return map[uint64]bool{cell: c.member}
			})
			if got != c.want {
				t.Errorf("ended: %v, want %v", got, c.want)
			}
			if !c.ends {
				close(release)
			}
			<-done
		})
	}
}
