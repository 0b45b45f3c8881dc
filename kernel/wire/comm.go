package wire

import "encoding/json"

// CommContent is the content of comm_open, comm_msg and comm_close.
type CommContent struct {
	ID string `json:"comm_id"`
	// Target names what a comm_open asks for; empty in the others.
	Target string          `json:"target_name,omitempty"`
	Data   json.RawMessage `json:"data"`
}

// DecodeComm reads the content of a comm message of type t. Data is {} where it is absent.
func DecodeComm(t Type, content []byte) (CommContent, error) {
	var c CommContent
	if err := decode(t, content, &c); err != nil {
		return CommContent{}, err
	}
	if c.ID == "" {
		return CommContent{}, missing(t, "comm_id")
	}
	if t == CommOpen && c.Target == "" {
		return CommContent{}, missing(t, "target_name")
	}
	c.Data = object(c.Data)
	return c, nil
}

// DecodeCommInfo reads the target whose comms a comm_info_request asks for; empty means all.
func DecodeCommInfo(content []byte) (target string, err error) {
	var raw struct {
		Target *string `json:"target_name"`
	}
	if err := decode(CommInfoRequest, content, &raw); err != nil {
		return "", err
	}
	if raw.Target == nil {
		return "", nil
	}
	return *raw.Target, nil
}
