package safetensors

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
)

// atomically writes a file through a temporary one in the same directory, synchronised and renamed when write succeeds and removed when
// it does not.
func atomically(path string, write func(io.Writer) error) error {
	var salt [6]byte
	rand.Read(salt[:]) // never fails
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp-"+hex.EncodeToString(salt[:]))
	// Not os.CreateTemp: its 0600 would make published weights unreadable for others.
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename durable. File systems that cannot synchronise a directory are left to their own devices.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}
