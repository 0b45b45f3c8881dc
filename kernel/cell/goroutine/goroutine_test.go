package goroutine

import (
	"context"
	"testing"
	"time"
)

func TestID(t *testing.T) {
	other := make(chan uint64)
	go func() { other <- ID() }()
	if a, b := ID(), <-other; a == 0 || b == 0 || a == b || a != ID() {
		t.Errorf("two goroutines have the numbers %d and %d", a, b)
	}
}

func TestSleep(t *testing.T) {
	open, closed := make(chan struct{}), make(chan struct{})
	close(closed)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx           context.Context
		d             time.Duration
		failed, ended chan struct{}
		want          bool
	}{
		"whole":                 {context.Background(), time.Millisecond, open, open, true},
		"interrupted":           {over, time.Hour, open, open, false},
		"another has failed":    {context.Background(), time.Hour, closed, open, false},
		"the cell ended before": {over, time.Millisecond, open, closed, true},
	} {
		if got := Sleep(c.ctx, c.d, c.failed, c.ended); got != c.want {
			t.Errorf("%s: whole %v, want %v", name, got, c.want)
		}
	}
}
