package track

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A .wandb file is a header and then a log in LevelDB's format: blocks of 32 KiB, in which each record is one chunk or several. A
// chunk is a checksum (CRC-32 of the kind and the data), a length and a kind, little-endian, and its data; fewer bytes at a block's end
// than a chunk's head takes are zero. The header counts as part of the first block.
const (
	wandbBlock     = 32 << 10
	wandbChunkHead = 4 + 2 + 1
)

// Kinds of chunks: a whole record, or a part of one.
const (
	chunkFull byte = 1 + iota
	chunkFirst
	chunkMiddle
	chunkLast
)

// wandbHeader is a name, a magic number and the version of the format, 0.
var wandbHeader = []byte{':', 'W', '&', 'B', 0xe1, 0xbe, 0}

// appendWandBRecord adds a record to what will stand at an offset of the file.
func appendWandBRecord(out []byte, offset int64, record []byte) []byte {
	begin := len(out)
	for first := true; first || len(record) > 0; first = false {
		at := (offset + int64(len(out)-begin)) % wandbBlock
		left := wandbBlock - int(at)
		if left < wandbChunkHead {
			out = append(out, make([]byte, left)...)
			left = wandbBlock
		}
		n := min(len(record), left-wandbChunkHead)
		out = appendChunk(out, chunkKind(first, n == len(record)), record[:n])
		record = record[n:]
	}
	return out
}

func chunkKind(first, last bool) byte {
	switch {
	case first && last:
		return chunkFull
	case first:
		return chunkFirst
	case last:
		return chunkLast
	}
	return chunkMiddle
}

func appendChunk(out []byte, kind byte, data []byte) []byte {
	out = binary.LittleEndian.AppendUint32(out, chunkSum(kind, data))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(data)))
	return append(append(out, kind), data...)
}

func chunkSum(kind byte, data []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte{kind}), crc32.IEEETable, data)
}

// errTorn says that a log ends in the middle of a record, as a killed process leaves it, or is damaged from there on.
var errTorn = errors.New("torn record")

// readWandB shows each record of a file with the offset behind it, until show returns false. What follows a torn record is not read.
func readWandB(file []byte, show func(record []byte, end int) bool) error {
	if !bytes.HasPrefix(file, wandbHeader) {
		return fmt.Errorf("it does not begin as a .wandb file of version %d", wandbHeader[len(wandbHeader)-1])
	}
	for at := len(wandbHeader); ; {
		record, end, err := nextWandBRecord(file, at)
		if err != nil {
			return nil // all that can be read was read
		}
		if !show(record, end) {
			return nil
		}
		at = end
	}
}

// nextWandBRecord reads the record at an offset and returns the offset behind it.
func nextWandBRecord(file []byte, at int) (record []byte, end int, err error) {
	for first := true; ; first = false {
		if left := wandbBlock - at%wandbBlock; left < wandbChunkHead {
			at += left
		}
		if len(file)-at < wandbChunkHead {
			return nil, 0, errTorn
		}
		sum, kind := binary.LittleEndian.Uint32(file[at:]), file[at+6]
		begin := at + wandbChunkHead
		end := begin + int(binary.LittleEndian.Uint16(file[at+4:]))
		starts := kind == chunkFull || kind == chunkFirst
		if end > len(file) || (end-1)/wandbBlock != at/wandbBlock || kind > chunkLast || starts != first || chunkSum(kind, file[begin:end]) != sum {
			return nil, 0, errTorn
		}
		record = append(record, file[begin:end]...)
		if kind == chunkFull || kind == chunkLast {
			return record, end, nil
		}
		at = end
	}
}
