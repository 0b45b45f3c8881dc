// Package verbal deals with the confidence a model states in words: the
// instruction that asks for it, the parser that reads it from a response, and
// the span of response tokens that carry it.
//
// A response is reasoning followed by a line such as
//
//	CONFIDENCE: 0.83
//
// The bytes from the C of CONFIDENCE to the end of the response are the
// confidence span; DCPO credits them apart from the reasoning before them
// (arXiv 2603.09117). A confidence that is missing, unreadable or outside
// [0, 1] is HasConfidence == false, never a number.
package verbal
