package alarm

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// watch runs a watchdog with a limit of a minute on a clock that only moves when everything waits, and gives what it logs.
func watch(t *testing.T, do func(w *Watchdog)) []string {
	t.Helper()
	var said bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := NewWatchdog(time.Minute, slog.New(slog.NewTextHandler(&said, nil)))
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		do(w)
		cancel()
		<-ended // Run ends with its context; synctest fails if it does not
	})
	if said.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSpace(said.String()), "\n")
}

func wants(t *testing.T, said []string, want ...[]string) {
	t.Helper()
	if len(said) != len(want) {
		t.Fatalf("%d lines were logged, want %d:\n%s", len(said), len(want), strings.Join(said, "\n"))
	}
	for i, parts := range want {
		for _, part := range parts {
			if !strings.Contains(said[i], part) {
				t.Errorf("line %q lacks %q", said[i], part)
			}
		}
	}
}

func TestWatchdogNamesWhatStalls(t *testing.T) {
	said := watch(t, func(w *Watchdog) {
		w.Phase("rollout")
		time.Sleep(10 * time.Second)
		w.Request("b, prompt 2")
		time.Sleep(10 * time.Second)
		for _, name := range []string{"c", "d", "e"} {
			w.Request(name)
		}
		end := w.Request("a, ended")
		end()
		time.Sleep(59 * time.Second) // nothing yet
		time.Sleep(2 * time.Second)
	})
	wants(t, said, []string{"level=WARN", "phase=rollout", "for=1m0s", `"phase began"="1m20s ago"`, `"requests under way"=4`, `longest="b, prompt 2 (1m10s), c (1m0s), d (1m0s)"`})
}

func TestWatchdogIsSilentWhileSomethingGoesOn(t *testing.T) {
	said := watch(t, func(w *Watchdog) {
		time.Sleep(time.Hour) // no phase yet
		w.Phase("rollout")
		for range 100 {
			time.Sleep(59 * time.Second)
			w.Progress()
		}
		for range 100 {
			end := w.Request("r")
			time.Sleep(59 * time.Second)
			end()
			end() // a second call is no progress
		}
		w.Phase("update")
		time.Sleep(59 * time.Second)
		w.Phase("")
		time.Sleep(time.Hour)
	})
	wants(t, said)
}

func TestWatchdogRepeatsSeldomAndTellsTheEnd(t *testing.T) {
	said := watch(t, func(w *Watchdog) {
		w.Phase("update")
		time.Sleep(5*time.Minute + time.Second) // at 1, 2 and 4 minutes
		w.Progress()
		time.Sleep(59 * time.Second)
		w.Progress()
		time.Sleep(61 * time.Second) // and again, on time, after a minute
	})
	wants(t, said, []string{"for=1m0s"}, []string{"for=2m0s"}, []string{"for=4m0s"}, []string{"level=INFO", "goes on", "after=5m1s"}, []string{"for=1m0s"})
}

// TestWatchdogAfterTheProcessWasHeld: time in which the process itself did not run is no stall.
func TestWatchdogAfterTheProcessWasHeld(t *testing.T) {
	var said bytes.Buffer
	w := NewWatchdog(time.Minute, slog.New(slog.NewTextHandler(&said, nil)))
	w.Phase("rollout")
	due := w.progress.Add(time.Minute)
	woken := due.Add(time.Hour)
	if wait := w.look(due, woken); wait != time.Minute || said.Len() > 0 {
		t.Errorf("woken an hour late, it waits %v and says %q", wait, said.String())
	}
	if w.look(woken.Add(time.Minute), woken.Add(time.Minute)); !strings.Contains(said.String(), "for=1m0s") {
		t.Errorf("a minute later it says %q", said.String())
	}
}

func TestWatchdogSwitchedOff(t *testing.T) {
	NewWatchdog(-1, nil).Run(context.Background()) // returns
	if w := NewWatchdog(0, nil); w.after != watchdogAfter {
		t.Errorf("0 stands for %v", w.after)
	}
}
