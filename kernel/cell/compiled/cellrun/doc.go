// Package cellrun is what compiled cells call: the plug-ins made of cells import
// it, and find in it the state of the process they are loaded into. It knows
// which goroutines belong to the cell that is running, so that a panic in one of
// them is an error of the cell and a loop can be told to stop.
//
// Its imports are few and of the standard library, because every plug-in has to
// be built against them.
package cellrun
