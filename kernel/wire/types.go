// Package wire turns Jupyter messages into frames and back: headers, signatures, and the contents of every request and reply the kernel speaks.
//
// It knows nothing of sockets: a message comes in as the frames that a ZeroMQ socket delivered and goes out as frames to send. The format is
// "The wire protocol" of the Jupyter messaging specification, https://jupyter-client.readthedocs.io/en/stable/messaging.html.
package wire

// ProtocolVersion is the version of the messaging specification that the kernel speaks. 5.4 brought iopub_welcome.
const ProtocolVersion = "5.4"

// Type is the msg_type of a message. Misspelt types are how other kernels lost messages, so the code names them only by these constants.
type Type string

// Requests on the shell and control channels, and their replies.
const (
	KernelInfoRequest Type = "kernel_info_request"
	KernelInfoReply   Type = "kernel_info_reply"
	ExecuteRequest    Type = "execute_request"
	ExecuteReply      Type = "execute_reply"
	InspectRequest    Type = "inspect_request"
	InspectReply      Type = "inspect_reply"
	CompleteRequest   Type = "complete_request"
	CompleteReply     Type = "complete_reply"
	HistoryRequest    Type = "history_request"
	HistoryReply      Type = "history_reply"
	IsCompleteRequest Type = "is_complete_request"
	IsCompleteReply   Type = "is_complete_reply"
	CommInfoRequest   Type = "comm_info_request"
	CommInfoReply     Type = "comm_info_reply"
	InterruptRequest  Type = "interrupt_request"
	InterruptReply    Type = "interrupt_reply"
	ShutdownRequest   Type = "shutdown_request"
	ShutdownReply     Type = "shutdown_reply"
	DebugRequest      Type = "debug_request"
	DebugReply        Type = "debug_reply"
)

// Messages of comms, which both sides may send.
const (
	CommOpen    Type = "comm_open"
	CommMessage Type = "comm_msg"
	CommClose   Type = "comm_close"
)

// Messages of the iopub channel.
const (
	IOPubWelcome      Type = "iopub_welcome"
	Status            Type = "status"
	ExecuteInput      Type = "execute_input"
	Stream            Type = "stream"
	DisplayData       Type = "display_data"
	UpdateDisplayData Type = "update_display_data"
	ExecuteResult     Type = "execute_result"
	ErrorMessage      Type = "error"
	ClearOutput       Type = "clear_output"
)

// Messages of the stdin channel.
const (
	InputRequest Type = "input_request"
	InputReply   Type = "input_reply"
)

// Reply returns the type that answers request, and false where the protocol has no reply to it.
func (t Type) Reply() (Type, bool) {
	const suffix = "_request"
	if n := len(t) - len(suffix); n > 0 && string(t[n:]) == suffix && t != InputRequest {
		return t[:n] + "_reply", true
	}
	return "", false
}
