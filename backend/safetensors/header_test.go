package safetensors

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// build puts a header text and data bytes together as a file.
func build(header string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func TestReadHeaderRefusesDamage(t *testing.T) {
	const one = `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	cases := []struct {
		name string
		file []byte
		want string // part of the message
	}{
		{"empty", nil, "truncated"},
		{"cut in the length", []byte{1, 2, 3}, "truncated"},
		{"cut in the header", build(one, make([]byte, 8))[:20], "truncated"},
		{"cut in the data", build(one, make([]byte, 7)), `"w"`},
		{"bytes after the data", build(one, make([]byte, 9)), "9 data bytes"},
		{"absurd length", []byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "above the limit"},
		{"not JSON", build("hello", nil), "JSON"},
		{"array", build("[]", nil), "expected a JSON object"},
		{"unclosed", build(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}`, make([]byte, 4)), "not closed"},
		{"two objects", build("{}{}", nil), "follows"},
		{"duplicate", build(`{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}`, make([]byte, 2)), `"w" appears twice`},
		{"duplicate field", build(`{"w":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}`, make([]byte, 1)), `"dtype" appears twice`},
		{"dtype", build(`{"w":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}`, make([]byte, 8)), `"w": dtype "F31"`},
		{"size", build(`{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, make([]byte, 8)), "needs 12"},
		{"overlap", build(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, make([]byte, 6)), `"b": data_offsets [2, 6] overlap tensor "a"`},
		{"hole", build(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, make([]byte, 3)), "belong to no tensor"},
		{"beyond the end", build(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[100,104]}}`, make([]byte, 4)), "outside"},
		{"negative offset", build(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}`, nil), "not a byte range"},
		{"reversed", build(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}`, make([]byte, 4)), "not a byte range"},
		{"negative dimension", build(`{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, make([]byte, 1)), "negative dimension"},
		{"overflowing shape", build(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, nil), "63 bits"},
		{"fractional shape", build(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}`, make([]byte, 4)), "shape"},
		{"missing field", build(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, make([]byte, 4)), "three fields"},
		{"null shape", build(`{"a":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}`, make([]byte, 4)), "three fields"},
		{"unknown field", build(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}`, make([]byte, 4)), `unknown field "x"`},
		{"metadata", build(`{"__metadata__":{"a":1}}`, nil), "__metadata__"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := readHeader(bytes.NewReader(c.file), int64(len(c.file)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error = %v, want one containing %q", err, c.want)
			}
		})
	}
}

func TestReadHeaderAcceptsEdges(t *testing.T) {
	text := `{"__metadata__":{"k":"v"},"s":{"dtype":"F32","shape":[],"data_offsets":[1,5]},"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[1,1]},"b":{"data_offsets":[0,1],"shape":[1],"dtype":"BOOL"}}    `
	file := build(text, []byte{1, 0, 0, 128, 63})
	h, err := readHeader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(h.names, " "); got != "b empty s" {
		t.Errorf("order = %q, want by position: b empty s", got)
	}
	if h.metadata["k"] != "v" {
		t.Errorf("metadata = %v", h.metadata)
	}
}

// FuzzHeader checks that no header makes the parser panic, and that what it accepts is consistent: ranges inside the data, of the size
// the shape asks for, and covering it.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`), int64(8))
	f.Add([]byte(`{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}} `), int64(4))
	f.Add([]byte(`{"a":{"dtype":"F64","shape":[9223372036854775807,2],"data_offsets":[0,9223372036854775807]}}`), int64(0))
	f.Add([]byte(`{}`), int64(0))
	f.Fuzz(func(t *testing.T, text []byte, size int64) {
		h, err := parseHeader(text, size)
		if err != nil {
			return
		}
		sum := int64(0)
		for _, name := range h.names {
			e := h.entries[name]
			if e.begin != sum || int64(e.Elements())*int64(e.DType.Size()) != e.end-e.begin {
				t.Fatalf("tensor %q: %+v accepted at byte %d", name, e, sum)
			}
			sum = e.end
		}
		if sum != size || len(h.names) != len(h.entries) {
			t.Fatalf("accepted %d of %d bytes, %d names, %d entries", sum, size, len(h.names), len(h.entries))
		}
	})
}

// FuzzFile opens whole files and reads every tensor: damage is an error, never a panic or a tensor of the wrong size.
func FuzzFile(f *testing.F) {
	f.Add(build(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, []byte{0, 0, 128, 63, 0, 0, 192, 127}))
	f.Add(build(`{"a":{"dtype":"F16","shape":[1,3],"data_offsets":[0,6]},"b":{"dtype":"I8","shape":[],"data_offsets":[6,7]}}`, make([]byte, 7)))
	f.Add(build(`{}`, nil))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		h, err := readHeader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		file := &File{path: "x", file: bytes.NewReader(content), header: h}
		for _, name := range file.Names() {
			info, _ := file.Info(name)
			raw, err := file.Bytes(name)
			if err != nil || len(raw) != info.Elements()*info.DType.Size() {
				t.Fatalf("tensor %q %+v: %d bytes, %v", name, info, len(raw), err)
			}
			dst := make([]byte, 2*info.Elements())
			if _, err := file.ReadInto(dst, name, BF16); (err == nil) != info.DType.isFloat() {
				t.Fatalf("tensor %q %+v read as BF16: %v", name, info, err)
			}
		}
	})
}
