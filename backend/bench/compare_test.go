package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

// decodeLines reads one JSON line into each value.
func decodeLines(t *testing.T, in io.Reader, values ...any) {
	t.Helper()
	d := json.NewDecoder(in)
	for _, v := range values {
		if err := d.Decode(v); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %g, want %g", c.values, got, c.want)
		}
	}
}

// side is a player that has taken its turns already.
func side(name string, turns ...turn) *player { return &player{name: name, turns: turns} }

func TestRatiosAreOfQuietRounds(t *testing.T) {
	ours := side("godcpo", turn{Seconds: []float64{1, 1}, CPUSeconds: []float64{2, 2}, PeakBytes: 10},
		turn{Seconds: []float64{2, 2}, CPUSeconds: []float64{2, 2}, PeakBytes: 10},
		turn{Seconds: []float64{1, 3}, CPUSeconds: []float64{2, 4}, PeakBytes: 20, Others: quietShare})
	theirs := side("peer", turn{Seconds: []float64{2, 2}, CPUSeconds: []float64{2, 2}, PeakBytes: 5},
		turn{Seconds: []float64{90, 90}, CPUSeconds: []float64{99, 99}, PeakBytes: 5, Others: 0.5},
		turn{Seconds: []float64{8, 8}, CPUSeconds: []float64{8, 8}, PeakBytes: 5})
	quiet := quietRounds([]*player{ours, theirs})
	if !slices.Equal(quiet, []int{0, 2}) {
		t.Fatalf("rounds %v are quiet, want 0 and 2", quiet)
	}
	got := newRatio("train", ours, theirs, quiet, origin{})
	want := ratio{Case: "train", Peer: "peer", Quiet: 2, Rounds: 3, OursS: 1, PeerS: 5, Wall: 5, WallLow: 2, WallHigh: 4, CPU: 2.5, Memory: 0.25}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestOthers(t *testing.T) {
	took := turn{Seconds: []float64{2, 3}, CPUSeconds: []float64{3, 4}}
	for _, c := range []struct{ busy, want float64 }{{7, 0}, {6.9, 0}, {8, 0.1}, {10, 0.3}} {
		if got := others(c.busy, 2, took); got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("busy for %g s: others took %g, want %g", c.busy, got, c.want)
		}
	}
}

func TestAgree(t *testing.T) {
	for _, c := range []struct {
		name   string
		theirs float64
		ok     bool
	}{{"score", -6, true}, {"score", -6.003, true}, {"score", -6.02, false}, {"score", 6, false}, {"encode", -6, true}, {"encode", -6.003, false}} {
		if err := agree(c.name, []*player{side("godcpo", turn{Check: -6}), side("peer", turn{Check: c.theirs})}); (err == nil) != c.ok {
			t.Errorf("%s: results -6 and %g: %v", c.name, c.theirs, err)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-device tpu", "expected cpu or cuda"},
		{"-cases train,fly", `case "fly" is unknown`},
		{"-model Qwen9", `model "Qwen9" is unknown`},
		{"-rounds 0", "-rounds is too small"},
		{"-seq 1", "-seq is too small"},
		{"-side nonsense", "-side: invalid character"},
	} {
		err := run(context.Background(), strings.Fields(c.args))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.args, err, c.want)
		}
	}
}

// TestPlayerThatDies checks that a side which ends without an answer is an error that tells its exit status.
func TestPlayerThatDies(t *testing.T) {
	if _, err := startPlayer(context.Background(), "peer", nil, "sh", "-c", "exit 3"); err == nil || err.Error() != "peer: exit status 3" {
		t.Errorf("error %v, want exit status 3 of peer", err)
	}
	p, err := startPlayer(context.Background(), "peer", nil, "sh", "-c", `echo '{}'; read steps; echo '{"seconds":[1]}'; read end`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.take(2); err == nil || !strings.Contains(err.Error(), "asked for 2 steps, it tells of 1") {
		t.Errorf("error %v, want one that tells of the missing step", err)
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// TestPeersDoTheSameWork runs each peer beside ours once: losses, log-probs, lengths and ids must agree.
func TestPeersDoTheSameWork(t *testing.T) {
	if testing.Short() {
		t.Skip("the peers start slowly")
	}
	python := fixture.Python(t)
	dir := t.TempDir()
	if err := writePeers(dir); err != nil {
		t.Fatal(err)
	}
	for name, all := range peers {
		s := spec{Case: name, Device: "cpu", Model: small, Rows: 8, Seq: 16, Prompt: 4, New: 4, Threads: 1, ModelDir: dir,
			Text: "../../../shared/data/amc23.jsonl", Tokenizer: "../../../shared/tokenizers/qwen3"}.withDefaults()
		if _, err := os.Stat(s.Text); name == "encode" && err != nil {
			continue
		}
		var out bytes.Buffer
		if err := takeTurns(context.Background(), s, strings.NewReader("2\n"), &out); err != nil {
			t.Fatal(err)
		}
		var h hello
		var took turn
		decodeLines(t, &out, &h, &took)
		for _, peer := range all {
			t.Run(name+"/"+peer.name, func(t *testing.T) {
				if peer.python(t.Context(), []string{python}) == "" {
					t.Skipf("%s has no %v", python, peer.packages)
				}
				s.Mode = peer.mode
				text, err := json.Marshal(s)
				if err != nil {
					t.Fatal(err)
				}
				p, err := startPlayer(t.Context(), peer.name, environment(1), python, filepath.Join(dir, peer.script), string(text))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.take(2); err != nil {
					t.Fatal(err)
				}
				if err := p.close(); err != nil {
					t.Fatal(err)
				}
				if err := agree(name, []*player{side("godcpo", took), p}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
