package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// echo answers each line with its id and number, later lines of a batch first.
func echo(_ context.Context, batch []*record) {
	for i := len(batch) - 1; i >= 0; i-- {
		batch[i].finish(map[string]any{"id": batch[i].id, "n": batch[i].number}, nil)
	}
}

func testStream(in io.Reader, out io.Writer, batch int) jsonl {
	return jsonl{in: in, out: out, batch: batch, progress: newProgress(io.Discard, true)}
}

func TestJSONLines(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	cases := map[string]struct {
		in, want string
		failed   string // the error at the end
	}{
		"nothing":           {"", "", ""},
		"empty lines":       {"\n  \n\r\n", "", ""},
		"ids of every kind": {`{"id":1}` + "\n" + `{"id":"é<"}` + "\n" + `{"id":[1,{"a":null}]}` + "\n" + `{"id":12345678901234567890}` + "\n{}", `{"id":1,"n":1}` + "\n" + `{"id":"é<","n":2}` + "\n" + `{"id":[1,{"a":null}],"n":3}` + "\n" + `{"id":12345678901234567890,"n":4}` + "\n" + `{"id":null,"n":5}` + "\n", ""},
		"byte-order mark":   {"\uFEFF{\"id\":1}\r\n", `{"id":1,"n":1}` + "\n", ""},
		"numbers skip none": {"\n\n{\"id\":1}\n", `{"id":1,"n":3}` + "\n", ""},
		"a very long line":  {`{"id":1,"text":"` + long + `"}`, `{"id":1,"n":1}` + "\n", ""},
		"bad lines, others answered": {"{\"id\":1}\n{\"id\":2\n[3]\nnull\n{\"id\":5}\n",
			`{"id":1,"n":1}` + "\n" + `{"id":null,"error":"line 2: not valid JSON, at byte 7: unexpected end of JSON input"}` + "\n" +
				`{"id":null,"error":"line 3: expected a JSON object, found [3]"}` + "\n" + `{"id":null,"error":"line 4: expected a JSON object, found null"}` + "\n" +
				`{"id":5,"n":5}` + "\n", "3 of 5 lines could not be answered; the first: line 2: "},
	}
	for name, c := range cases {
		for _, batch := range []int{1, 3, 64} {
			t.Run(fmt.Sprintf("%s, batches of %d", name, batch), func(t *testing.T) {
				var out bytes.Buffer
				err := testStream(iotest.HalfReader(strings.NewReader(c.in)), &out, batch).run(context.Background(), echo)
				if out.String() != c.want {
					t.Errorf("got  %.300q\nwant %.300q", out.String(), c.want)
				}
				var exit *exitError
				if c.failed == "" && err != nil || c.failed != "" && (!errors.As(err, &exit) || exit.status != exitFailed || !strings.HasPrefix(err.Error(), c.failed)) {
					t.Errorf("error %v, want %q", err, c.failed)
				}
			})
		}
	}
}

// A program that writes a line and waits for its answer gets it, whatever the size of batches.
func TestJSONLinesAnswerAtOnce(t *testing.T) {
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- testStream(in, out, 512).run(context.Background(), echo) }()
	reply := bufio.NewReader(answers)
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(feed, "{\"id\":%d}\n", i)
		if line, err := reply.ReadString('\n'); err != nil || line != fmt.Sprintf("{\"id\":%d,\"n\":%d}\n", i, i) {
			t.Fatalf("answer %d: %q, %v", i, line, err)
		}
	}
	feed.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Lines are not read far ahead of the first one that is not answered.
func TestJSONLinesHoldBack(t *testing.T) {
	read := 0
	endless := readerFunc(func(p []byte) (int, error) { read++; return copy(p, "{}\n"), nil })
	ctx, cancel := context.WithCancel(context.Background())
	started := 0
	err := testStream(endless, io.Discard, 1).run(ctx, func(_ context.Context, batch []*record) {
		if started += len(batch); started == 1 {
			time.AfterFunc(300*time.Millisecond, cancel) // the first line is never answered
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if started > jsonlPending+10 {
		t.Errorf("%d lines were started while the first was not answered", started)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A reader or writer that fails ends the command with its error.
func TestJSONLinesBrokenStreams(t *testing.T) {
	broken := errors.New("broken")
	if err := testStream(io.MultiReader(strings.NewReader("{}\n"), iotest.ErrReader(broken)), io.Discard, 8).run(context.Background(), echo); !errors.Is(err, broken) {
		t.Errorf("broken input: %v", err)
	}
	in := strings.NewReader(strings.Repeat("{}\n", 10_000))
	out := writerFunc(func(p []byte) (int, error) { return 0, broken })
	if err := testStream(in, out, 8).run(context.Background(), echo); !errors.Is(err, broken) {
		t.Errorf("broken output: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestRecordFields(t *testing.T) {
	cases := []struct{ line, fault string }{
		{`{"id":1,"text":"a","top_k":3,"temperature":0.5,"ids":[1,2],"stop":"x"}`, ""},
		{`{"top_k":null,"stop":["x","y"]}`, ""},
		{`{"topk":3}`, `unknown field "topk": want one of ids, stop, temperature, text, top_k`},
		{`{"Text":"a"}`, `unknown field "Text"`},
		{`{"top_k":"3"}`, `field "top_k": expected a whole number, found "3"`},
		{`{"top_k":1.5}`, `field "top_k": expected a whole number, found 1.5`},
		{`{"ids":[1,4294967296]}`, `field "ids": expected a list of token ids, found [1,4294967296]`},
		{`{"temperature":"hot"}`, `field "temperature": expected a number`},
		{`{"stop":[1]}`, `field "stop": expected a string or a list of strings, found [1]`},
		{`{"text":["a"]}`, `field "text": expected a string, found ["a"]`},
	}
	for _, c := range cases {
		var text string
		var k int
		var temperature float64
		var ids []int32
		var stop stringList
		r := newRecord(1, []byte(c.line))
		err := r.readAll(map[string]any{"text": &text, "top_k": &k, "temperature": &temperature, "ids": &ids, "stop": &stop})
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, want %q", c.line, err, c.fault)
		}
	}
}

// Whatever a line holds, it gives one line that is a JSON object with an id.
func FuzzJSONLines(f *testing.F) {
	for _, seed := range []string{`{"id":1,"text":"a"}`, `{"id":`, `[]`, "{\"id\":\"\xff\"}", `{"id":{"a":[1e400]}}`, "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsAny(line, "\n") || len(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\uFEFF")))) == 0 {
			t.Skip()
		}
		var out bytes.Buffer
		err := testStream(bytes.NewReader(line), &out, 4).run(context.Background(), func(_ context.Context, batch []*record) {
			for _, r := range batch {
				var ids []int32
				r.finish(failedLine{ID: r.id}, r.read(map[string]any{"ids": &ids}))
			}
		})
		var answer struct {
			ID    *json.RawMessage
			Error string
		}
		if jsonErr := json.Unmarshal(out.Bytes(), &answer); jsonErr != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
			t.Errorf("%q gave %q: %v", line, out.Bytes(), jsonErr)
		}
		if (err != nil) != (answer.Error != "") {
			t.Errorf("%q: error %v, answer %q", line, err, out.Bytes())
		}
	})
}

// An interrupt ends a command that waits for its input, with status 130.
func TestJSONLinesInterrupted(t *testing.T) {
	cmd := command(t, "tokenize", "--model", shared(t, "tokenizers", "qwen3"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill() // harmless once it has ended
	fmt.Fprintln(in, `{"id":1,"text":"a"}`)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"id":1,`) {
		t.Fatalf("%q, %v", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Skipf("this system cannot interrupt a process: %v", err)
	}
	_ = cmd.Wait() // the status is checked below
	if status := cmd.ProcessState.ExitCode(); status != exitInterrupted {
		t.Errorf("status %d, want %d", status, exitInterrupted)
	}
}
