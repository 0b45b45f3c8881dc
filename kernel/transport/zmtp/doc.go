// Package zmtp serves the ZeroMQ message transport protocol, version 3.0 (https://rfc.zeromq.org/spec/23/), as much of it as a Jupyter kernel
// needs: listening ROUTER, XPUB and REP sockets with the NULL mechanism.
//
// A kernel listens on ports that every process of the machine can reach, so this package trusts no peer: the size of a message is bounded
// before memory is taken for it, a peer that stays silent in the handshake holds up nobody, one that does not read holds up the others for
// a bounded time and then loses messages, and no input ends in a panic. The published Go library (go-zeromq/zmq4 v0.17.0) fails the first
// two: a frame header of nine bytes ends the process, and a connection that never greets stops all others from being accepted. It also closes
// its sockets without sending what is queued, and does not tell when a subscriber has arrived; here Close and Flush wait for the queues, and
// a Publisher calls back for each subscription.
package zmtp
