package checkpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// A real run gives its model's SaveWith and its learner's State; here a directory and a scalar stand for them.
func Example() {
	root, _ := os.MkdirTemp("", "run")
	defer os.RemoveAll(root)
	ctx := context.Background()
	for step := 10; step <= 40; step += 10 {
		state := checkpoint.State{
			Progress:  checkpoint.Progress{Step: step, Data: json.RawMessage(fmt.Sprintf(`{"epoch":0,"row":%d}`, 8*step))},
			Model:     func(_ context.Context, dir string) error { return os.Mkdir(dir, 0o755) },
			Optimizer: []safetensors.Tensor{{Name: "step", DType: safetensors.U8, Shape: []int{}, Data: []byte{byte(step)}}},
		}
		if err := checkpoint.Save(ctx, root, state, 2); err != nil {
			fmt.Println(err)
			return
		}
	}
	kept, _ := filepath.Glob(filepath.Join(root, "*"))
	c, err := checkpoint.Latest(ctx, root)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(kept), "kept; resume at step", c.Step, "with data", string(c.Data))
	// Output: 2 kept; resume at step 40 with data {"epoch":0,"row":320}
}
