// Package figure draws the figures of calibration experiments with gonum/plot:
// reliability diagrams, one or several in a row, and training curves.
//
// Each function returns a Figure, which renders itself as SVG, PNG or PDF, saves
// itself by file extension, and shows itself in a notebook. Figures have a white
// background, so they read on dark pages too, and colours that the common forms
// of colour blindness keep apart. Equal input gives equal SVG and PNG bytes (a
// PDF holds the time of its making).
//
// Empty and degenerate input is drawn as an empty, annotated figure; input that
// contradicts itself is an error.
package figure
