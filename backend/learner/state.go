package learner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// stepName is the tensor that holds the number of updates made, a scalar I64.
const stepName = "step"

// stateNames are the kinds of state a parameter has, in the optimizer's order.
func (o *optimizer) stateNames() []string {
	if o.hasMasters() {
		return []string{"master", "exp_avg", "exp_avg_sq"}
	}
	return []string{"exp_avg", "exp_avg_sq"}
}

// stateName is the name of one array of state.
func stateName(kind, param string) string { return kind + "/" + param }

// State describes the optimizer's state for a file: the number of updates ("step"), and for each trainable parameter P its first
// and second moments ("exp_avg/P", "exp_avg_sq/P") and, where weights have fewer than 32 bits, the float32 master copy
// ("master/P"), all in float32. Values are read from the devices when they are written, one array at a time, whatever their
// layout; an Update before that makes writing them an error.
//
// State and weights together resume a run exactly. The weights are the model's, who saves them.
func (l *Learner) State() []safetensors.Tensor {
	o := l.optimizer
	step := binary.LittleEndian.AppendUint64(nil, uint64(o.step))
	tensors := []safetensors.Tensor{{Name: stepName, DType: safetensors.I64, Shape: []int{}, Data: step}}
	for k, kind := range o.stateNames() {
		for i, p := range o.params {
			tensors = append(tensors, safetensors.Tensor{Name: stateName(kind, p.Name), DType: safetensors.F32, Shape: p.Dims,
				Source: o.state[k*len(o.params)+i]})
		}
	}
	return tensors
}

// Restore puts back what State described, on any number of devices. A tensor that is missing, superfluous or of another shape is an
// error that names it and leaves the state as it was. After a tensor that cannot be read or is not finite the learner is of no
// more use.
func (l *Learner) Restore(files *safetensors.Dir) error {
	o := l.optimizer
	if err := o.checkState(files); err != nil {
		return fmt.Errorf("restore optimizer state: %w", err)
	}
	raw, err := files.Bytes(stepName)
	if err != nil {
		return fmt.Errorf("restore optimizer state: %w", err)
	}
	largest := 0
	for _, p := range o.params {
		largest = max(largest, 4*p.Size())
	}
	buffer := make([]byte, largest)
	for k, kind := range o.stateNames() {
		for i, p := range o.params {
			name, data := stateName(kind, p.Name), buffer[:4*p.Size()]
			bad, err := files.ReadInto(data, name, safetensors.F32)
			if err == nil && bad > 0 {
				err = fmt.Errorf("%s: tensor %q: %d of its %d values are NaN or infinite", files.Path(name), name, bad, p.Size())
			}
			if err != nil {
				return fmt.Errorf("restore optimizer state: %w", err)
			}
			at := k*len(o.params) + i
			o.state[at].Release() // before there is the new one: two copies may not fit
			if o.state[at], err = o.mesh.FromBytes(data, dtypes.Float32, o.layouts[i], p.Dims...); err != nil {
				return fmt.Errorf("restore optimizer state: %s: %w", name, err)
			}
		}
	}
	o.step = int(binary.LittleEndian.Uint64(raw))
	return nil
}

// checkState compares the names, shapes and types in the files with what this optimizer has.
func (o *optimizer) checkState(files *safetensors.Dir) error {
	var faults []error
	want := map[string][]int{stepName: {}}
	for _, kind := range o.stateNames() {
		for _, p := range o.params {
			want[stateName(kind, p.Name)] = p.Dims
		}
	}
	for name, shape := range want {
		dtype := safetensors.F32
		if name == stepName {
			dtype = safetensors.I64
		}
		info, ok := files.Info(name)
		switch {
		case !ok && strings.HasPrefix(name, "master/"):
			return errors.New("there are no master copies: the state is of float32 weights, open the model in float32")
		case !ok:
			faults = append(faults, fmt.Errorf("tensor %s is missing", name))
		case info.DType != dtype || !slices.Equal(info.Shape, shape):
			faults = append(faults, fmt.Errorf("tensor %s is %s %v, want %s %v", name, info.DType, info.Shape, dtype, shape))
		}
	}
	for _, name := range files.Names() {
		if _, ok := want[name]; ok {
			continue
		}
		if strings.HasPrefix(name, "master/") && !o.hasMasters() {
			return errors.New("there are master copies: the state is of bfloat16 weights, open the model in bfloat16")
		}
		faults = append(faults, fmt.Errorf("tensor %s belongs to no trainable parameter", name))
	}
	if len(faults) > 5 {
		faults = append(faults[:5], fmt.Errorf("and %d more", len(faults)-5))
	}
	return errors.Join(faults...)
}
