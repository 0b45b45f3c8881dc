package backend

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// defaultDType is the type that weights get when none is asked for: bfloat16 where the checkpoint has it and the devices are
// fast at it, float32 otherwise.
func defaultDType(files *safetensors.Dir, cfg decoder.Config, onCPU bool) string {
	info, _ := files.Info(cfg.Params()[0].Name)
	switch {
	case info.DType == safetensors.BF16 && !onCPU:
		return "bfloat16"
	case info.DType == safetensors.F16:
		slog.Info("float16 weights are converted", "to", "float32")
	}
	return "float32"
}

// staged is one weight on its way from the disk to the devices.
type staged struct {
	param decoder.Param
	data  []byte
	err   error
}

// load streams the weights to the devices. Reading the next tensor overlaps with uploading this one where a second buffer of
// the largest tensor's size fits into the largest weight file's: the two buffers are all that the host holds.
func (m *Model) load(ctx context.Context, files *safetensors.Dir, dtype safetensors.DType) error {
	params := m.Config.Params()
	largest := 0
	for _, p := range params {
		largest = max(largest, p.Size()*dtype.Size())
	}
	buffers := 1
	if int64(2*largest) <= files.LargestFile() {
		buffers = 2
	}
	free, ready := make(chan []byte, buffers), make(chan staged)
	for range buffers {
		free <- make([]byte, largest)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer close(ready)
		for _, p := range params {
			var buffer []byte
			select {
			case buffer = <-free:
			case <-ctx.Done():
				return
			}
			s := staged{param: p, data: buffer[:p.Size()*dtype.Size()]}
			s.err = readWeight(files, p, s.data, dtype)
			select {
			case ready <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	for s := range ready {
		if s.err == nil {
			s.err = m.uploadBytes(s.param, s.data, dtype)
		}
		if s.err != nil {
			stop()
			for range ready { // the reader uses the files until it has ended
			}
			return s.err
		}
		free <- s.data[:cap(s.data)]
	}
	return context.Cause(ctx)
}

// readWeight reads one tensor in the wanted type and refuses values that would spoil every result.
func readWeight(files *safetensors.Dir, p decoder.Param, dst []byte, dtype safetensors.DType) error {
	bad, err := files.ReadInto(dst, p.Name, dtype)
	if err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%s: tensor %q: %d of its %d values are NaN or infinite as %s: the checkpoint is damaged or comes from a run that diverged",
			files.Path(p.Name), p.Name, bad, p.Size(), dtype)
	}
	return nil
}

// upload appends one weight, given as float32, in the wanted type.
func (m *Model) upload(p decoder.Param, values []float32, dtype safetensors.DType) error {
	raw, err := safetensors.Encode(values, dtype)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return m.uploadBytes(p, raw, dtype)
}

// uploadBytes appends one weight, given as raw elements of the wanted type.
func (m *Model) uploadBytes(p decoder.Param, raw []byte, dtype safetensors.DType) error {
	device := dtypes.Float32
	if dtype == safetensors.BF16 {
		device = dtypes.BFloat16
	}
	layout := mesh.Replicated
	if m.sharding == learner.FSDP {
		layout = m.mesh.ShardFor(p.Dims)
	}
	a, err := m.mesh.FromBytes(raw, device, layout, p.Dims...)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	m.weights = append(m.weights, a)
	return nil
}

func parseDType(name, otherwise string) (safetensors.DType, error) {
	if name == "" {
		name = otherwise
	}
	switch name {
	case "float32":
		return safetensors.F32, nil
	case "bfloat16":
		return safetensors.BF16, nil
	}
	return "", fmt.Errorf("unknown weight type %q: want float32 or bfloat16", name)
}
