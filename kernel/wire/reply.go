package wire

// Values of the status field of replies.
const (
	OK      = "ok"
	Error   = "error"
	Aborted = "aborted"
)

// Failure describes an error: the content of an error message, and part of a reply whose status is error.
type Failure struct {
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"` // lines, may hold ANSI colours; never nil, clients want a list
}

// ErrorReply is the content of any reply to a request that failed.
type ErrorReply struct {
	Status string `json:"status"`
	Failure
}

// NewErrorReply makes an ErrorReply whose traceback is one line.
func NewErrorReply(name string, err error) ErrorReply {
	return ErrorReply{Status: Error, Failure: Failure{Name: name, Value: err.Error(), Traceback: []string{name + ": " + err.Error()}}}
}

// ExecuteOK is the content of an execute_reply after a cell that went well.
type ExecuteOK struct {
	Status          string         `json:"status"`
	Count           int            `json:"execution_count"`
	Payload         []Page         `json:"payload"`
	UserExpressions map[string]any `json:"user_expressions"`
}

// Page is a payload that opens a pager in the client.
type Page struct {
	Source string         `json:"source"` // "page"
	Data   map[string]any `json:"data"`   // MIME bundle
	Start  int            `json:"start"`  // first line shown
}

// ExecuteFailed is the content of an execute_reply after a cell that failed.
type ExecuteFailed struct {
	Status string `json:"status"`
	Failure
	Count           int            `json:"execution_count"`
	Payload         []Page         `json:"payload"`
	UserExpressions map[string]any `json:"user_expressions"`
}

// ExecuteAborted is the content of an execute_reply to a cell that was not run because one before it failed.
type ExecuteAborted struct {
	Status string `json:"status"`
	Count  int    `json:"execution_count"`
}

// StatusContent is the content of a status message.
type StatusContent struct {
	State string `json:"execution_state"` // starting, busy or idle
}

// Execution states.
const (
	Starting = "starting"
	Busy     = "busy"
	Idle     = "idle"
)

// ExecuteInputContent is the content of an execute_input message.
type ExecuteInputContent struct {
	Code  string `json:"code"`
	Count int    `json:"execution_count"`
}

// StreamContent is the content of a stream message.
type StreamContent struct {
	Name string `json:"name"` // stdout or stderr
	Text string `json:"text"`
}

// DisplayContent is the content of display_data, update_display_data and execute_result.
type DisplayContent struct {
	Data      map[string]any `json:"data"`     // MIME type to value, never nil
	Metadata  map[string]any `json:"metadata"` // never nil
	Transient *Transient     `json:"transient,omitempty"`
	Count     int            `json:"execution_count,omitempty"` // of execute_result
}

// Transient is what a display message says that no notebook file keeps.
type Transient struct {
	DisplayID string `json:"display_id,omitempty"`
}

// ClearOutputContent is the content of a clear_output message.
type ClearOutputContent struct {
	Wait bool `json:"wait"` // clear only when new output comes
}

// KernelInfo is the content of a kernel_info_reply.
type KernelInfo struct {
	Status                string       `json:"status"`
	ProtocolVersion       string       `json:"protocol_version"`
	Implementation        string       `json:"implementation"`
	ImplementationVersion string       `json:"implementation_version"`
	LanguageInfo          LanguageInfo `json:"language_info"`
	Banner                string       `json:"banner"`
	Debugger              bool         `json:"debugger"`
	HelpLinks             []HelpLink   `json:"help_links"`
	SupportedFeatures     []string     `json:"supported_features"`
}

// LanguageInfo tells clients how to show and save code.
type LanguageInfo struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	MIMEType       string `json:"mimetype"`
	FileExtension  string `json:"file_extension"`
	PygmentsLexer  string `json:"pygments_lexer"`
	CodeMirrorMode string `json:"codemirror_mode"`
}

// HelpLink is an entry of the client's help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// CompleteOK is the content of a complete_reply. Offsets are in code points of the code that was sent.
type CompleteOK struct {
	Status   string         `json:"status"`
	Matches  []string       `json:"matches"`
	Start    int            `json:"cursor_start"`
	End      int            `json:"cursor_end"`
	Metadata map[string]any `json:"metadata"`
}

// IsCompleteOK is the content of an is_complete_reply.
type IsCompleteOK struct {
	Status string `json:"status"`           // complete, incomplete, invalid or unknown
	Indent string `json:"indent,omitempty"` // of the next line when incomplete
}

// InspectOK is the content of an inspect_reply.
type InspectOK struct {
	Status   string         `json:"status"`
	Found    bool           `json:"found"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// HistoryOK is the content of a history_reply: entries are [session, line, code] or [session, line, [code, output]].
type HistoryOK struct {
	Status  string `json:"status"`
	History []any  `json:"history"`
}

// CommInfoOK is the content of a comm_info_reply: the open comms by id.
type CommInfoOK struct {
	Status string                `json:"status"`
	Comms  map[string]CommTarget `json:"comms"`
}

// CommTarget names the target of an open comm.
type CommTarget struct {
	Name string `json:"target_name"`
}

// ShutdownOK is the content of a shutdown_reply.
type ShutdownOK struct {
	Status  string `json:"status"`
	Restart bool   `json:"restart"`
}

// StatusOnly is the content of replies that say nothing but their status.
type StatusOnly struct {
	Status string `json:"status"`
}

// InputContent is the content of an input_request.
type InputContent struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

// WelcomeContent is the content of an iopub_welcome: the topic that was subscribed.
type WelcomeContent struct {
	Subscription string `json:"subscription"`
}
