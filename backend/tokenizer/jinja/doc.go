// Package jinja renders the Jinja templates that come with language models, with the semantics of Python's jinja2 in the environment in
// which the transformers library runs them: trim_blocks, lstrip_blocks, no autoescape, loop controls, the sandbox that changes no value,
// and the functions raise_exception and strftime_now.
//
// It covers the part of Jinja that chat templates use: expressions, for, if, set, macro, filter-less call of macros, break, continue, raw
// and generation blocks, and the filters, tests and methods listed in this package. What it does not know is an error with its line when
// the template is parsed, or, for methods, when it is rendered; nothing is ignored, since a prompt that is nearly right trains the wrong model.
package jinja
