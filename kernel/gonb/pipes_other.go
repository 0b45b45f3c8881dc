//go:build !unix

package gonb

import "github.com/janpfeifer/gonb/gonbui/protocol"

func connect(*Bridge) error { return nil }

func disconnect(*Bridge) {}

func toCell(*protocol.CommValue) {}
