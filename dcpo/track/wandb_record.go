package track

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of wandb_internal.proto.
const (
	recordNum, recordHistory, recordSummary, recordFiles, recordRun, recordExit, recordHeader = 1, 2, 3, 6, 17, 18, 21

	itemKey, itemJSON      = 1, 16 // of config, history and summary items
	historyItem, stepOfRow = 1, 2
	stepNum                = 1
	update                 = 1 // items of config and summary

	runID, runEntity, runProject, runConfig, runName, runStart = 1, 2, 3, 4, 8, 17
	timeSeconds, timeNanos                                     = 1, 2

	exitCode, exitRuntime                                           = 1, 2
	headerVersion, versionProducer, versionConsumer                 = 1, 1, 2
	filesItem, filePath, filePolicy, fileType, policyNow, typeMedia = 1, 1, 2, 3, 0, 2
)

// wandbRecord is a numbered record with one field more.
func wandbRecord(num int, field protowire.Number, value []byte) []byte {
	return appendBytes(appendVarint(nil, recordNum, uint64(num)), field, value)
}

// wandbItems are values by key, each an item under a field. values are JSON.
func wandbItems(field protowire.Number, values map[string]string) []byte {
	var out []byte
	for _, key := range slices.Sorted(maps.Keys(values)) {
		item := appendBytes(nil, itemKey, []byte(key))
		out = appendBytes(out, field, appendBytes(item, itemJSON, []byte(values[key])))
	}
	return out
}

// wandbHead says who wrote the file and what reads it.
func wandbHead() []byte {
	version := appendBytes(nil, versionProducer, []byte("godcpo"))
	return appendBytes(nil, headerVersion, appendBytes(version, versionConsumer, []byte("0.15.0")))
}

// wandbRun is a run with its configuration.
func wandbRun(id string, o WandBOptions, start time.Time, config map[string]string) []byte {
	stamp := appendVarint(nil, timeSeconds, uint64(start.Unix()))
	stamp = appendVarint(stamp, timeNanos, uint64(start.Nanosecond()))
	out := appendBytes(nil, runID, []byte(id))
	if o.Entity != "" {
		out = appendBytes(out, runEntity, []byte(o.Entity))
	}
	out = appendBytes(out, runProject, []byte(o.Project))
	out = appendBytes(out, runConfig, wandbItems(update, config))
	if o.Name != "" {
		out = appendBytes(out, runName, []byte(o.Name))
	}
	return appendBytes(out, runStart, stamp)
}

// wandbHistory is a row of figures.
func wandbHistory(step int, values map[string]string) []byte {
	return appendBytes(wandbItems(historyItem, values), stepOfRow, appendVarint(nil, stepNum, uint64(step)))
}

// wandbFile names a file to upload, below the folder files.
func wandbFile(path string) []byte {
	item := appendVarint(appendBytes(nil, filePath, []byte(path)), filePolicy, policyNow)
	return appendBytes(nil, filesItem, appendVarint(item, fileType, typeMedia))
}

// wandbExit ends a run.
func wandbExit(code int, runtime time.Duration) []byte {
	return appendVarint(appendVarint(nil, exitCode, uint64(code)), exitRuntime, uint64(runtime.Seconds()))
}

// jsonValue writes a setting as the JSON value it looks like, or as a string.
func jsonValue(setting string) string {
	if _, err := strconv.ParseFloat(setting, 64); err == nil && json.Valid([]byte(setting)) || setting == "true" || setting == "false" {
		return setting
	}
	raw, _ := json.Marshal(setting) // a string always has a form
	return string(raw)
}

// readRecord takes from a record what going on after it needs: its number, whether it is the run's, and the step if it is a row.
func readRecord(raw []byte) (num int, isRun bool, step int) {
	step = Fresh
	fields(raw, func(field protowire.Number, v uint64, value []byte) {
		switch field {
		case recordNum:
			num = int(v)
		case recordRun:
			isRun = true
		case recordHistory:
			step = 0 // where it is not written
			fields(value, func(field protowire.Number, _ uint64, value []byte) {
				if field == stepOfRow {
					fields(value, func(field protowire.Number, v uint64, _ []byte) {
						if field == stepNum {
							step = int(v)
						}
					})
				}
			})
		}
	})
	return num, isRun, step
}

// fields shows the integer and bytes fields of a protocol buffer, up to where it cannot be read.
func fields(raw []byte, show func(field protowire.Number, v uint64, value []byte)) {
	for len(raw) > 0 {
		field, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return
		}
		raw = raw[n:]
		n = protowire.ConsumeFieldValue(field, kind, raw)
		if n < 0 {
			return
		}
		switch kind {
		case protowire.VarintType:
			v, _ := protowire.ConsumeVarint(raw)
			show(field, v, nil)
		case protowire.BytesType:
			value, _ := protowire.ConsumeBytes(raw)
			show(field, 0, value)
		}
		raw = raw[n:]
	}
}
