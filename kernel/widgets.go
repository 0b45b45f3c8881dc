package kernel

import (
	"path/filepath"
	"regexp"

	"github.com/dcpo-go/godcpo/kernel/gonb"
	"github.com/dcpo-go/godcpo/kernel/server"
)

// connectionName is what a Jupyter server calls connection files.
var connectionName = regexp.MustCompile(`^kernel-(.+)\.json$`)

// kernelID is the name by which the Jupyter server knows the kernel of a
// connection file, "" if the file is not a server's.
func kernelID(connectionFile string) string {
	if m := connectionName.FindStringSubmatch(filepath.Base(connectionFile)); m != nil {
		return m[1]
	}
	return ""
}

// registerWidgets lets pages talk to the cells that use gonbui's widgets.
func registerWidgets(comms *server.Comms, bridge *gonb.Bridge) {
	comms.RegisterLive(gonb.Target, func(c *server.Comm, _ server.CommMessage) (server.CommHandler, error) {
		page, err := bridge.Page(func(data any) error { return c.Send(data) })
		if err != nil {
			return server.CommHandler{}, err
		}
		return server.CommHandler{
			Message: func(_ *server.Comm, m server.CommMessage) {
				_ = page.Receive(m.Data) // a page's mistake, which nobody here can mend
			},
			Closed: func(*server.Comm, server.CommMessage) { page.Close() },
		}, nil
	})
}
