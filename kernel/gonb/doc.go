// Package gonb lets GoNB's library gonbui work inside the kernel's process,
// unchanged and under its own import paths.
//
// gonbui writes what it displays to a named pipe, and reads what the browser
// sends from another. A [Bridge] is at the other end of both. It shows displays
// through package display, asks the user for input, and carries values between
// cells and the JavaScript of widgets: comm.js, which it puts into the page,
// reaches the kernel through the Jupyter server as a comm of target [Target].
// Interpreted and compiled cells share the one gonbui of the process.
package gonb
