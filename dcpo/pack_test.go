package dcpo

import "testing"

func TestBucket(t *testing.T) {
	for n, want := range map[int]int{1: 8, 8: 8, 9: 12, 13: 16, 17: 24, 25: 32, 100: 128, 129: 192, 193: 256} {
		if got := bucket(n); got != want {
			t.Errorf("bucket(%d) = %d, want %d", n, got, want)
		}
	}
}
