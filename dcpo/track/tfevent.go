package track

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of TensorFlow's event.proto, summary.proto, tensor.proto and tensor_shape.proto.
const (
	eventWallTime, eventStep, eventFileVersion, eventSummary, eventSessionLog = 1, 2, 3, 5, 7

	sessionStatus, sessionStart = 1, 1

	summaryValue                                      = 1
	valueTag, valueSimple, valueTensor, valueMetadata = 1, 2, 8, 9

	metadataPlugin, metadataDataClass, dataClassTensor = 1, 4, 2
	pluginName                                         = 1

	tensorDType, tensorShape, tensorStrings, dtypeString = 1, 2, 8, 7
	shapeDim, dimSize                                    = 2, 1
)

// event is a record of an event file at a time and a step, with one more field: file version, summary or session log.
func event(now time.Time, step int, field protowire.Number, value []byte) []byte {
	out := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	out = protowire.AppendFixed64(out, math.Float64bits(float64(now.UnixNano())/1e9))
	out = appendVarint(out, eventStep, uint64(step))
	return appendBytes(out, field, value)
}

// scalarValue is a figure under a tag, as a value of a summary.
func scalarValue(tag string, v float64) []byte {
	value := appendBytes(nil, valueTag, []byte(tag))
	value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
	value = protowire.AppendFixed32(value, math.Float32bits(float32(v)))
	return appendBytes(nil, summaryValue, value)
}

// textValue is a Markdown text under a tag: a string tensor [1] of the plug-in "text".
func textValue(tag, text string) []byte {
	tensor := appendVarint(nil, tensorDType, dtypeString)
	tensor = appendBytes(tensor, tensorShape, appendBytes(nil, shapeDim, appendVarint(nil, dimSize, 1)))
	tensor = appendBytes(tensor, tensorStrings, []byte(text))
	metadata := appendBytes(nil, metadataPlugin, appendBytes(nil, pluginName, []byte("text")))
	metadata = appendVarint(metadata, metadataDataClass, dataClassTensor)
	value := appendBytes(nil, valueTag, []byte(tag))
	value = appendBytes(value, valueTensor, tensor)
	value = appendBytes(value, valueMetadata, metadata)
	return appendBytes(nil, summaryValue, value)
}

// appendVarint adds an integer field of a protocol buffer.
func appendVarint(out []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, field, protowire.VarintType), v)
}

// appendBytes adds a string, bytes or message field of a protocol buffer.
func appendBytes(out []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), v)
}
