package backend_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// TestSaveOnAFullDisk saves on a real file system that has room for one model and not for two: the error says that the disk is
// full, the earlier model is whole, and the space is free again.
func TestSaveOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=700k"); err != nil {
		t.Skipf("no small file system can be mounted: %v", err)
	}
	defer func() { _ = unix.Unmount(disk, unix.MNT_DETACH) }()
	source := tiny(t, decoder.Tiny(40), safetensors.F32).write(t, 0)
	m, dir := open(t, source, ""), filepath.Join(disk, "model")
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(dir); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("the second save: %v, want that the disk is full", err)
	}
	sameTensors(t, source, dir)
	open(t, dir, "")
	if entries, _ := os.ReadDir(disk); len(entries) != 1 {
		t.Errorf("%d entries on the disk, want the model alone", len(entries))
	}
}
