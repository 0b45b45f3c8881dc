package compiled

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forgetPages gives the memory back that loading a plug-in has filled with its
// code and tables. The kernel reads what is used again from the file; the rest,
// nearly everything, is a copy of packages that this program has anyway. A
// plug-in is never unloaded, so that a session of a thousand cells depends on
// it. Failing to is no error.
func forgetPages(path string) {
	base, ok := loadAddress(path)
	if !ok {
		return
	}
	file, err := elf.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	if textrel, err := file.DynValue(elf.DT_TEXTREL); err != nil || len(textrel) > 0 {
		return // its code has been changed as it was loaded
	}
	forgettable.Lock()
	defer forgettable.Unlock()
	page := uint64(os.Getpagesize())
	for _, p := range file.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W != 0 {
			continue // what is written to is in memory alone
		}
		from := (base + p.Vaddr + page - 1) / page * page
		to := (base + p.Vaddr + p.Filesz) / page * page
		if from < to {
			forgettable.ranges = append(forgettable.ranges, unsafe.Slice((*byte)(at(from)), to-from))
		}
	}
	for _, pages := range forgettable.ranges {
		_ = unix.Madvise(pages, unix.MADV_DONTNEED)
	}
}

// forgettable are the pages of all plug-ins that are as in their files. Loading
// one reads the symbols of those before.
var forgettable struct {
	sync.Mutex
	ranges [][]byte
}

// at makes a pointer of an address outside Go's memory.
func at(address uint64) unsafe.Pointer {
	p := uintptr(address)
	return *(*unsafe.Pointer)(unsafe.Pointer(&p))
}

// loadAddress returns where a file is mapped from its beginning on.
func loadAddress(path string) (uint64, bool) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return 0, false
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		if !strings.HasSuffix(lines.Text(), path) {
			continue
		}
		var from, to, offset uint64
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s %x", &from, &to, &mode, &offset); err == nil && offset == 0 {
			return from, true
		}
	}
	return 0, false
}
