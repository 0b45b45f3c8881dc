package safetensors_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend/safetensors"
)

func Example() {
	dir, _ := os.MkdirTemp("", "weights")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	data, _ := safetensors.Encode([]float32{1, 2, 3.14159, -4}, safetensors.BF16)
	err := safetensors.Write(path, []safetensors.Tensor{{Name: "w", DType: safetensors.BF16, Shape: []int{2, 2}, Data: data}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	info, _ := f.Info("w")
	values, _ := f.Float32("w")
	fmt.Println(info.DType, info.Shape, values)
	// Output: BF16 [2 2] [1 2 3.140625 -4]
}
