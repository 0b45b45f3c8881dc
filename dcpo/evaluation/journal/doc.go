// Package journal is the file in which an evaluation keeps its answers: it is
// written while they come, survives a kill at any moment, and holds all that
// the figures of a report are computed from.
//
// A journal is the file journal.jsonl in a folder of its own: a JSON object a
// line, each with one member that says what it is.
//
//	{"head": …}       the first line: the settings that all answers share
//	{"run": …}        what was to be asked, each time the evaluation was started
//	{"benchmark": …}  where problems come from
//	{"problem": …}    a problem as it was asked, with the answer it is graded by
//	{"answer": …}     an answer in full, or a request that got none
//
// A line is written by one call and only ever at the end, so a killed process
// leaves at most the last one torn, which Open takes back. Lines reach the disk
// within a second, and when the journal is closed. One process at a time may write
// a journal; any number may read it meanwhile.
package journal
