// Package magic runs the lines of a cell that are not Go: the commands of GoNB
// and of IPython that start with % or !, and cells whose first line hands them
// to another program.
//
// [Parse] takes a cell apart, [Script.Run] runs its commands on a [Host], and
// [Script.Go] returns the Go code that is left, every line in its place. What
// GoNB does to that code is done here too: %% and %exec make a func main, a func
// init or init_name is called where it stands, %test runs tests and benchmarks.
package magic
