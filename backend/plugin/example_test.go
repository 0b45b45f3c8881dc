package plugin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend/plugin"
)

// A plug-in of one's own is used as it is; without a path, Find looks into the cache and installs a pinned one.
func ExampleFind() {
	dir, err := os.MkdirTemp("", "plugin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	mine := filepath.Join(dir, "pjrt_c_api_cuda_plugin.so")
	if err := os.WriteFile(mine, nil, 0o644); err != nil {
		fmt.Println(err)
		return
	}
	p, err := plugin.Find(context.Background(), plugin.Options{Path: mine})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Device, "from the", p.Source)
	// Output: cuda from the flag
}
