// Package reference keeps frozen copies of a model's weights: the reference policy that a trained one is compared with. Where a copy lies is a
// choice between memory and time, since it is read once a step and the devices are full of other things.
package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Placement says where a copy lies.
type Placement string

const (
	// Resident is a copy on the devices that lies as the weights do: whole on each, unless they are cut themselves.
	Resident Placement = "resident"
	// Sharded is a copy cut over the devices. Each layer's weights are gathered when they are read.
	Sharded Placement = "sharded"
	// Host is a copy in the host's memory. It is on the devices, cut over them, only between Load and Unload.
	Host Placement = "host"
)

// Default is the placement where none is chosen: Sharded on several devices, Resident on one.
func Default(devices int) Placement {
	if devices > 1 {
		return Sharded
	}
	return Resident
}

// Validate refuses an unknown placement.
func (p Placement) Validate() error {
	switch p {
	case Resident, Sharded, Host:
		return nil
	}
	return fmt.Errorf("unknown placement %q of the reference policy: want %q, %q or %q", string(p), Resident, Sharded, Host)
}

// Copy is a frozen copy of weights. It is not safe for concurrent use.
type Copy struct {
	mesh      *mesh.Mesh
	placement Placement
	kept      []stored      // on the host, with Host
	arrays    []*mesh.Array // on the devices, if it is there
}

// stored is a weight in the host's memory.
type stored struct {
	data  []byte // little-endian, row-major
	dtype dtypes.DType
	dims  []int
}

// Freeze copies weights, which nothing may write to meanwhile. The host holds one of them at a time, or all with Host.
func Freeze(m *mesh.Mesh, weights []*mesh.Array, p Placement) (*Copy, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	c := &Copy{mesh: m, placement: p}
	var buffer bytes.Buffer
	for i, w := range weights {
		if err := c.add(w, &buffer); err != nil {
			c.Release()
			return nil, fmt.Errorf("copy weight %d: %w", i, err)
		}
	}
	return c, nil
}

// add copies one more weight. The buffer serves weight after weight.
func (c *Copy) add(w *mesh.Array, buffer *bytes.Buffer) error {
	if c.placement == Host {
		data, err := w.ToBytes()
		c.kept = append(c.kept, stored{data, w.DType(), w.Dims()})
		return err
	}
	layout := w.Layout()
	if c.placement == Sharded {
		layout = c.mesh.ShardFor(w.Dims())
	}
	var a *mesh.Array
	var err error
	if layout == w.Layout() {
		a, err = w.Clone()
	} else {
		buffer.Reset()
		if _, err = w.WriteTo(buffer); err == nil {
			a, err = c.mesh.FromBytes(buffer.Bytes(), w.DType(), layout, w.Dims()...)
		}
	}
	c.arrays = append(c.arrays, a)
	return err
}

// Placement tells where the copy lies.
func (c *Copy) Placement() Placement { return c.placement }

// Loaded tells whether the copy is on the devices.
func (c *Copy) Loaded() bool { return c.arrays != nil }

// Load brings the copy to the devices, where it is not there already. When it fails or ctx ends, nothing of it stays there.
func (c *Copy) Load(ctx context.Context) error {
	if c.Loaded() {
		return nil
	}
	if c.kept == nil {
		return errors.New("load the reference policy: it was released")
	}
	for i, s := range c.kept {
		err := ctx.Err()
		if err != nil {
			err = context.Cause(ctx)
		} else {
			var a *mesh.Array
			a, err = c.mesh.FromBytes(s.data, s.dtype, c.mesh.ShardFor(s.dims), s.dims...)
			c.arrays = append(c.arrays, a)
		}
		if err != nil {
			c.Unload()
			return fmt.Errorf("load the reference policy, weight %d: %w", i, err)
		}
	}
	return nil
}

// Unload frees the devices of a copy that the host has too. Others stay where they are.
func (c *Copy) Unload() {
	if c.placement == Host {
		c.free()
	}
}

// Arrays lists the weights on the devices, in the order in which they were given; nil while they are not there. They belong to the copy.
func (c *Copy) Arrays() []*mesh.Array { return c.arrays }

// Release frees the copy everywhere.
func (c *Copy) Release() {
	c.free()
	c.kept = nil
}

func (c *Copy) free() {
	for _, a := range c.arrays {
		a.Release()
	}
	c.arrays = nil
}
