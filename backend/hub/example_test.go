package hub_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/backend/hub"
)

func ExampleParseName() {
	for _, s := range []string{"Qwen/Qwen3-8B", "Qwen/Qwen3-8B@v1.0", "./my-model"} {
		name, err := hub.ParseName(s)
		fmt.Println(name.ID(), name.Revision, err != nil)
	}
	// Output:
	// Qwen/Qwen3-8B main false
	// Qwen/Qwen3-8B v1.0 false
	// /  true
}
