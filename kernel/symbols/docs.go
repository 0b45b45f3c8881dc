package symbols

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"sync"
)

//go:embed docs.json.gz
var packed []byte

var docs = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		err = json.NewDecoder(r).Decode(&all)
	}
	if err != nil {
		panic("kernel/symbols: docs.json.gz is broken: run go generate ./kernel/symbols: " + err.Error())
	}
	return all
})

// Doc is what the authors say of a package ("import/path"), of a name in it ("import/path.Name"), or of a method or field ("import/path.Type.Name"); "" where
// they say nothing, or the package is in no table.
func Doc(key string) string { return docs()[key] }
