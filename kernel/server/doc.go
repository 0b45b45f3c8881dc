// Package server is the Jupyter kernel: it answers the messages that clients send to the sockets of package transport, runs cells with a
// Runner, and publishes what they put out.
//
// Cells and everything else that comes on the shell channel run one after the other. The control channel has a goroutine of its own, so that
// interrupts and shutdowns arrive while a cell runs. One cell goes through these stages:
//
//	decode → abort if an earlier cell failed → count → execute_input → Run → flush → result or error → reply → idle
//
// A message that is not signed with the key of the connection file, or that is no Jupyter message, is logged and changes nothing. A request whose
// content does not fit gets an error reply.
package server
