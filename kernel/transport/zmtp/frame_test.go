package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
)

func read(data []byte) ([][]byte, bool, error) {
	return readMessage(bufio.NewReader(bytes.NewReader(data)))
}

func TestMessageRoundTrip(t *testing.T) {
	for name, frames := range map[string][][]byte{
		"one empty frame": {{}},
		"short":           {[]byte("a"), {}, []byte("bc")},
		"255 bytes":       {bytes.Repeat([]byte("x"), 255)},
		"256 bytes":       {bytes.Repeat([]byte("x"), 256), []byte("y")},
		"past one step":   {bytes.Repeat([]byte("z"), 3*growStep+7)},
	} {
		t.Run(name, func(t *testing.T) {
			got, command, err := read(encodeMessage(frames))
			if err != nil || command {
				t.Fatalf("command %v, error %v", command, err)
			}
			if !slices.EqualFunc(frames, got, bytes.Equal) {
				t.Errorf("%d frames went out, others came back", len(frames))
			}
		})
	}
}

func TestReadMessageRefuses(t *testing.T) {
	long := func(size uint64) []byte { return binary.BigEndian.AppendUint64([]byte{flagLong}, size) }
	many := bytes.Repeat([]byte{flagMore, 0}, MaxFrames+1)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":                    {nil, io.EOF},
		"half a header":              {[]byte{0}, io.ErrUnexpectedEOF},
		"half a body":                {[]byte{0, 4, 'a'}, io.ErrUnexpectedEOF},
		"end between frames":         {[]byte{flagMore, 1, 'a'}, io.ErrUnexpectedEOF},
		"a size past any memory":     {long(1<<63 + 5), ErrProtocol},
		"a size past the limit":      {long(MaxMessageBytes + 1), ErrProtocol},
		"a claim that does not come": {append(long(MaxMessageBytes), 'a'), io.ErrUnexpectedEOF},
		"reserved flags":             {[]byte{0x80, 0}, ErrProtocol},
		"too many frames":            {many, ErrProtocol},
		"a command inside a message": {[]byte{flagMore, 0, flagCommand, 0}, ErrProtocol},
		"a command of many parts":    {[]byte{flagCommand | flagMore, 0, 0, 0}, ErrProtocol},
		"a huge command":             {append([]byte{flagCommand | flagLong}, long(maxCommandBytes + 1)[1:]...), ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := read(c.data); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestFrameMemory claims the largest frame many times without sending it: memory may only grow with what comes.
func TestFrameMemory(t *testing.T) {
	claim := append(binary.BigEndian.AppendUint64([]byte{flagLong}, MaxMessageBytes), make([]byte, 1000)...)
	if perRun := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read(claim)
		}
	}).AllocedBytesPerOp(); perRun > 1<<20 {
		t.Errorf("%d bytes taken for a frame of which 1,000 came", perRun)
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add(encodeMessage([][]byte{[]byte("id"), {}, bytes.Repeat([]byte("x"), 300)}))
	f.Add(ready("DEALER"))
	f.Add([]byte{flagLong, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, command, err := read(data)
		if err != nil || command {
			return
		}
		again, _, err := read(encodeMessage(frames))
		if err != nil {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
		if !slices.EqualFunc(frames, again, bytes.Equal) {
			t.Errorf("%q became %q", frames, again)
		}
	})
}

func FuzzHandshake(f *testing.F) {
	f.Add(append(greeting(), ready("DEALER")...))
	f.Add(append(greeting(), flagCommand, 8, 5, 'R', 'E', 'A', 'D', 'Y', 200, 'x'))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		identity, err := handshake(bufio.NewReader(bytes.NewReader(data)), io.Discard, "ROUTER", []string{"DEALER"})
		if err == nil && len(identity) > maxCommandBytes {
			t.Errorf("identity of %d bytes", len(identity))
		}
	})
}
