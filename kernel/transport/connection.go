// Package transport opens the five sockets of a Jupyter kernel where a connection file says: shell, control and stdin (ROUTER), iopub (XPUB)
// and heartbeat (REP).
package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// Connection is the content of a connection file, which the client writes before it starts the kernel.
type Connection struct {
	Transport       string `json:"transport"` // tcp or ipc
	IP              string `json:"ip"`        // an address for tcp, a path for ipc
	ShellPort       int    `json:"shell_port"`
	ControlPort     int    `json:"control_port"`
	StdinPort       int    `json:"stdin_port"`
	IOPubPort       int    `json:"iopub_port"`
	HeartbeatPort   int    `json:"hb_port"`
	SignatureScheme string `json:"signature_scheme"`
	Key             string `json:"key"`
	KernelName      string `json:"kernel_name,omitempty"`
}

// ReadConnection reads and checks a connection file.
func ReadConnection(path string) (Connection, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Connection{}, fmt.Errorf("connection file %s does not exist: the Jupyter client writes it and passes its name", path)
	}
	if err != nil {
		return Connection{}, fmt.Errorf("read the connection file: %w", err)
	}
	var c Connection
	if err := json.Unmarshal(data, &c); err != nil {
		return Connection{}, fmt.Errorf("connection file %s: %w", path, err)
	}
	if err := c.Validate(); err != nil {
		return Connection{}, fmt.Errorf("connection file %s: %w", path, err)
	}
	return c, nil
}

// Write saves the connection as a file that only its owner can read, for it holds the key. The file appears whole or not at all.
func (c Connection) Write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the connection file: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".connection-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	defer os.Remove(temporary.Name()) // after the rename there is nothing left to remove
	_, err = temporary.Write(append(data, '\n'))
	if err := errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	return nil
}

// Validate reports everything that is wrong with the connection. A tcp port may be 0: a free one is then taken.
func (c Connection) Validate() error {
	var faults []error
	switch c.Transport {
	case "tcp":
		if net.ParseIP(c.IP) == nil && c.IP != "localhost" {
			faults = append(faults, fmt.Errorf("ip is %q, want the address to listen on, such as 127.0.0.1", c.IP))
		}
	case "ipc":
		if c.IP == "" {
			faults = append(faults, errors.New("ip is empty, want the path that the sockets' names begin with"))
		}
	default:
		faults = append(faults, fmt.Errorf("transport is %q, want tcp or ipc", c.Transport))
	}
	for _, port := range c.ports() {
		if *port.number < 0 || *port.number > 65535 || *port.number == 0 && c.Transport == "ipc" {
			faults = append(faults, fmt.Errorf("%s is %d, want a port", port.name, *port.number))
		}
	}
	if c.SignatureScheme != "" && c.SignatureScheme != wire.SchemeHMACSHA256 {
		faults = append(faults, fmt.Errorf("signature_scheme is %q, want %s", c.SignatureScheme, wire.SchemeHMACSHA256))
	}
	return errors.Join(faults...)
}

type namedPort struct {
	name   string
	number *int
}

// ports lists the ports in the order in which sockets are opened.
func (c *Connection) ports() []namedPort {
	return []namedPort{
		{"shell_port", &c.ShellPort},
		{"control_port", &c.ControlPort},
		{"stdin_port", &c.StdinPort},
		{"iopub_port", &c.IOPubPort},
		{"hb_port", &c.HeartbeatPort},
	}
}

// listen opens the listener of one port.
func (c Connection) listen(port int) (net.Listener, error) {
	if c.Transport == "ipc" {
		return net.Listen("unix", c.IP+"-"+strconv.Itoa(port))
	}
	return net.Listen("tcp", net.JoinHostPort(c.IP, strconv.Itoa(port)))
}
