package server

import (
	"context"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// Runner runs cells. A *cell.Session is one; tests use a fake.
//
// The out given to Run is safe for concurrent use and stays valid after Run returns: what goroutines of the cell write later still belongs to that cell.
// Besides cell.Output it has the methods of Asker and Pager.
type Runner interface {
	// Run runs one cell. The bundle is the value to show as the cell's result, nil for none. The error is a *cell.Error where the cell itself failed.
	// When ctx ends, because of an interrupt or a shutdown, Run returns as soon as it can.
	Run(ctx context.Context, code string, out cell.Output) (*display.Bundle, error)
	// Complete proposes completions at the cursor, a byte offset in the code.
	Complete(code string, cursor int) cell.Completion
	// IsComplete tells whether the code can be run: complete, incomplete, invalid or unknown, and the indentation of the next line when incomplete.
	IsComplete(code string) (status, indent string)
}

// Inspector is what a Runner may implement beside: documentation of the name at the cursor, a byte offset in the code. Detail 1 asks for more than 0.
type Inspector interface {
	Inspect(code string, cursor, detail int) (bundle display.Bundle, found bool)
}

// Asker is the part of a cell's output that asks the user for a line. The error says why there is no answer: the client does not answer
// questions, the cell was interrupted, or ctx ended.
type Asker interface {
	RequestInput(ctx context.Context, prompt string, password bool) (string, error)
}

// Pager is the part of a cell's output that opens the client's pager with a MIME bundle.
type Pager interface {
	Page(data map[string]any)
}
