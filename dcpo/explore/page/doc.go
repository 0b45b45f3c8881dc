// Package page lays out answers as an HTML page of its own: tokens coloured by a choice of values, details on hovering or by the arrow
// keys, and charts of distributions. The page asks nothing of any other place, works from a file, follows the reader's choice of light
// or dark, and shows what no letter stands for (control characters, pieces of characters) by name.
package page
