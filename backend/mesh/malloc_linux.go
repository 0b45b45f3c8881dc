//go:build cgo

package mesh

/*
#include <malloc.h>

// Keeps what XLA frees on the host for its next run. On CPU, XLA takes one block for the temporaries of each run, often hundreds of
// megabytes, which glibc would otherwise map anew, and the kernel clear page by page: a fifth of the processor time of a training step of the benchmark
// model. The process keeps its peak memory in return.
//
// It must run before any thread has a malloc arena of its own, for only the main arena can hold blocks of that size.
__attribute__((constructor)) static void keep_memory(void) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, 2147483647);
	mallopt(M_TOP_PAD, 1 << 26);
#endif
}
*/
import "C"
