// Package display is what a notebook cell uses to show things: HTML, Markdown,
// pictures, tables, any Go value, a display that updates in place and a
// progress bar.
//
// A display goes to the current [Sink], which the running session sets. With no
// session (a compiled program) its plain text goes to standard output, so the
// same code works in both places. Goroutines may display at any time; after
// their cell has ended their output goes to the cell that ran last, as in
// ipykernel.
package display
