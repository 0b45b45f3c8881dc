// Package notebook reads, runs and writes Jupyter notebooks without Jupyter.
package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Notebook is a file in Jupyter's format, version 4. What this package does not change is kept as it was read.
type Notebook struct {
	Cells []*Cell

	fields map[string]json.RawMessage // every top-level field but the cells
}

// Cell is one cell.
type Cell struct {
	Type    string   // "code", "markdown" or "raw"
	Source  string   // its text
	Tags    []string // from its metadata
	Outputs []Output // of a code cell
	// Count is the execution count, 0 before the cell has run.
	Count int

	line     int                        // where it begins in a script; 0 in a notebook
	fields   map[string]json.RawMessage // every field but outputs, source and execution_count
	metadata map[string]json.RawMessage
}

// Output is one output of a code cell; which fields are set depends on Type.
type Output struct {
	Type      string // "stream", "display_data", "execute_result" or "error"
	Name      string // of a stream: "stdout" or "stderr"
	Text      string // of a stream
	Data      map[string]any
	Metadata  map[string]any
	Count     int    // of an execute_result
	DisplayID string // under which the output can be replaced later; not written
	Error     string // name of an error
	Message   string // of an error
	Traceback []string
}

// lines is text as the format writes it: a string, or a list of lines that keep their line ends.
type lines string

// UnmarshalJSON reads both forms.
func (l *lines) UnmarshalJSON(raw []byte) error {
	var list []string
	if err := json.Unmarshal(raw, &list); err == nil {
		*l = lines(strings.Join(list, ""))
		return nil
	}
	return json.Unmarshal(raw, (*string)(l))
}

// MarshalJSON writes a list, which keeps differences between versions readable.
func (l lines) MarshalJSON() ([]byte, error) {
	list := strings.SplitAfter(string(l), "\n")
	if list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return marshal(list)
}

// Read opens a notebook. A missing file, a file that is no notebook, and a format other than version 4 are errors that name
// the file.
func Read(path string) (*Notebook, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open notebook: %w", err)
	}
	n, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("open notebook %s: %w", path, err)
	}
	return n, nil
}

// Parse reads the text of a notebook file.
func Parse(raw []byte) (*Notebook, error) {
	n := &Notebook{}
	if err := json.Unmarshal(raw, &n.fields); err != nil {
		return nil, fmt.Errorf("it is not a notebook: %w", err)
	}
	var format int
	if err := json.Unmarshal(n.fields["nbformat"], &format); err != nil || format != 4 {
		return nil, fmt.Errorf("it is not a notebook of format 4 (its nbformat is %q): convert it with Jupyter", n.fields["nbformat"])
	}
	var cells []json.RawMessage
	if err := json.Unmarshal(n.fields["cells"], &cells); err != nil {
		return nil, fmt.Errorf("its cells cannot be read: %w", err)
	}
	delete(n.fields, "cells")
	for i, raw := range cells {
		c, err := parseCell(raw)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		n.Cells = append(n.Cells, c)
	}
	return n, nil
}

func parseCell(raw json.RawMessage) (*Cell, error) {
	c := &Cell{}
	if err := json.Unmarshal(raw, &c.fields); err != nil {
		return nil, err
	}
	var known struct {
		Type     string                     `json:"cell_type"`
		Source   lines                      `json:"source"`
		Metadata map[string]json.RawMessage `json:"metadata"`
		Outputs  []Output                   `json:"outputs"`
		Count    int                        `json:"execution_count"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return nil, err
	}
	if known.Type == "" {
		return nil, errors.New("it has no cell_type")
	}
	c.Outputs, c.Count = known.Outputs, known.Count
	c.Type, c.Source, c.metadata = known.Type, string(known.Source), known.Metadata
	if c.metadata == nil {
		c.metadata = map[string]json.RawMessage{}
	}
	if tags, ok := c.metadata["tags"]; ok {
		if err := json.Unmarshal(tags, &c.Tags); err != nil {
			return nil, fmt.Errorf("metadata.tags: %w", err)
		}
	}
	for _, changed := range []string{"outputs", "source", "execution_count", "metadata"} {
		delete(c.fields, changed)
	}
	return c, nil
}

// newCode makes a code cell.
func newCode(id, source string, tags ...string) *Cell {
	c := &Cell{Type: "code", Source: source, Tags: tags, fields: map[string]json.RawMessage{}, metadata: map[string]json.RawMessage{}}
	c.fields["cell_type"] = json.RawMessage(`"code"`)
	c.fields["id"], _ = json.Marshal(id) // strings always marshal
	if len(tags) > 0 {
		c.metadata["tags"], _ = json.Marshal(tags) // and so do lists of them
	}
	return c
}

// MarshalJSON writes the notebook as Jupyter does: keys sorted, one space of indentation.
func (n *Notebook) MarshalJSON() ([]byte, error) {
	fields := map[string]any{}
	for k, v := range n.fields {
		fields[k] = v
	}
	cells := make([]map[string]any, len(n.Cells))
	for i, c := range n.Cells {
		cells[i] = c.encode()
	}
	fields["cells"] = cells
	return marshal(fields)
}

func (c *Cell) encode() map[string]any {
	out := map[string]any{"source": lines(c.Source), "metadata": c.metadata}
	for k, v := range c.fields {
		out[k] = v
	}
	if c.Type != "code" {
		return out
	}
	out["execution_count"] = nil
	if c.Count > 0 {
		out["execution_count"] = c.Count
	}
	outputs := make([]map[string]any, 0, len(c.Outputs))
	for _, o := range c.Outputs {
		outputs = append(outputs, o.encode())
	}
	out["outputs"] = outputs
	return out
}

func (o Output) encode() map[string]any {
	out := map[string]any{"output_type": o.Type}
	switch o.Type {
	case "stream":
		out["name"], out["text"] = o.Name, lines(o.Text)
	case "error":
		out["ename"], out["evalue"], out["traceback"] = o.Error, o.Message, o.Traceback
	default:
		data := map[string]any{}
		for kind, v := range o.Data {
			if s, ok := v.(string); ok && !strings.HasPrefix(kind, "image/png") && !strings.HasPrefix(kind, "image/jpeg") {
				v = lines(s)
			}
			data[kind] = v
		}
		metadata := o.Metadata
		if metadata == nil {
			metadata = map[string]any{}
		}
		out["data"], out["metadata"] = data, metadata
		if o.Type == "execute_result" {
			out["execution_count"] = o.Count
		}
	}
	return out
}

// UnmarshalJSON reads an output; text may stand as a string or as a list of lines.
func (o *Output) UnmarshalJSON(raw []byte) error {
	var file struct {
		Type      string                     `json:"output_type"`
		Name      string                     `json:"name"`
		Text      lines                      `json:"text"`
		Data      map[string]json.RawMessage `json:"data"`
		Metadata  map[string]any             `json:"metadata"`
		Count     int                        `json:"execution_count"`
		Error     string                     `json:"ename"`
		Message   string                     `json:"evalue"`
		Traceback []string                   `json:"traceback"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return err
	}
	*o = Output{Type: file.Type, Name: file.Name, Text: string(file.Text), Metadata: file.Metadata, Count: file.Count,
		Error: file.Error, Message: file.Message, Traceback: file.Traceback}
	for kind, content := range file.Data {
		if o.Data == nil {
			o.Data = map[string]any{}
		}
		var text lines
		if err := json.Unmarshal(content, &text); err == nil {
			o.Data[kind] = string(text)
			continue
		}
		var value any
		if err := json.Unmarshal(content, &value); err != nil {
			return err
		}
		o.Data[kind] = value
	}
	return nil
}

// Write replaces the file at path: a reader, or a kill at any moment, finds the old notebook or the new one.
func (n *Notebook) Write(path string) error {
	raw, err := n.MarshalJSON()
	if err != nil {
		return fmt.Errorf("write notebook %s: %w", path, err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", " "); err != nil {
		return fmt.Errorf("write notebook %s: %w", path, err)
	}
	b.WriteByte('\n')
	return replaceFile(path, b.Bytes())
}

// replaceFile writes a file of which readers find the old text or the new one.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write notebook: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write notebook %s: %w", path, err)
	}
	return nil
}

// marshal is json.Marshal without escaping HTML, as Jupyter writes it.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
