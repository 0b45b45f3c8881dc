package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// busySeconds is how long the processors that this thread may use have worked so far, for any process or another virtual machine, and how many
// they are.
func busySeconds() (seconds float64, processors int, err error) {
	var mine unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mine); err != nil {
		return 0, 0, fmt.Errorf("processors: %w", err)
	}
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	const idle, wait, guest, tick = 4, 5, 9, 100 // fields, of which those of guests are counted in user time already; ticks a second
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		cpu, err := strconv.Atoi(strings.TrimPrefix(fields[0], "cpu"))
		if err != nil || !strings.HasPrefix(fields[0], "cpu") || !mine.IsSet(cpu) {
			continue
		}
		for i, field := range fields {
			if i == 0 || i == idle || i == wait || i >= guest {
				continue
			}
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, 0, fmt.Errorf("/proc/stat: %w", err)
			}
			seconds += float64(ticks) / tick
		}
		processors++
	}
	return seconds, processors, nil
}
