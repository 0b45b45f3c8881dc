// Package safetensors reads and writes tensors in the safetensors format, the one in which model weights are published and in which
// other tools read ours.
//
// A file is an 8-byte little-endian header length, a JSON header giving the dtype, shape and byte range of every tensor, and the tensors'
// bytes one after the other, row-major and little-endian. The reader looks at a tensor's bytes only when they are asked for, so a
// model larger than memory can be opened and loaded tensor by tensor. Open checks the whole header before it returns, so that a
// truncated or damaged file is one error at the start and never a wrong weight later.
package safetensors
