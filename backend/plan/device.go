package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Device is one kind of accelerator, by its data sheet. Units are bytes and seconds.
type Device struct {
	Name   string  `json:"name"`
	Memory float64 `json:"memory_bytes"`
	// FLOPS is the dense bfloat16 peak of the matrix units, in operations a second.
	FLOPS float64 `json:"flops"`
	// Bandwidth of the memory, in bytes a second.
	Bandwidth float64 `json:"bandwidth"`
	// Link is the bandwidth to the other devices of the machine in one direction, in bytes a second.
	Link float64 `json:"link"`
}

// devices lists the makers' figures. Where two have the same memory, that size alone means the first.
var devices = []Device{
	{"H100", 80e9, 989e12, 3.35e12, 450e9},
	{"H200", 141e9, 989e12, 4.8e12, 450e9},
	{"B200", 180e9, 2250e12, 8e12, 900e9},
	{"A100", 80e9, 312e12, 2.04e12, 300e9},
	{"A100-40GB", 40e9, 312e12, 1.555e12, 300e9},
	{"L40S", 48e9, 362e12, 0.864e12, 32e9},
	{"RTX4090", 24e9, 165e12, 1.008e12, 32e9},
}

// Devices lists the devices that ParseDevices knows by name.
func Devices() []Device { return append([]Device(nil), devices...) }

var devicesPattern = regexp.MustCompile(`^(?:(\d{1,6})[x×])?(.+)$`)

// ParseDevices reads a number of devices and their kind: "8xH100", "8x80GB" (the first known device of that size, or one of
// that size with an H100's speed), "H200" (one).
func ParseDevices(s string) (n int, d Device, err error) {
	m := devicesPattern.FindStringSubmatch(strings.TrimSpace(s))
	n = 1
	if m != nil && m[1] != "" {
		n, _ = strconv.Atoi(m[1]) // digits only, and few
	}
	if m == nil || n < 1 {
		return 0, Device{}, fmt.Errorf("devices %q: expected a number and a kind, such as 8xH100 or 8x80GB", s)
	}
	var names []string
	for _, d := range devices {
		if strings.EqualFold(d.Name, m[2]) {
			return n, d, nil
		}
		names = append(names, d.Name)
	}
	digits, ok := strings.CutSuffix(strings.ToUpper(m[2]), "GB")
	gigabytes, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(gigabytes > 0 && gigabytes < 1e6) {
		return 0, Device{}, fmt.Errorf("devices %q: %q is unknown: expected one of %s, or a size such as 80GB", s, m[2], strings.Join(names, ", "))
	}
	for _, d := range devices {
		if d.Memory == gigabytes*1e9 {
			return n, d, nil
		}
	}
	d = devices[0]
	d.Name, d.Memory = fmt.Sprintf("%gGB device as fast as an %s", gigabytes, d.Name), gigabytes*1e9
	return n, d, nil
}
