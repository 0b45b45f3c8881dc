// Package evaluation asks a model behind OpenAI-compatible endpoints the problems of benchmarks, several times each, and measures how often it is
// right and how well its confidence tells when.
//
// Run asks, and keeps every answer in a journal (package journal), so that a run that was killed goes on where it stopped. Open reads a
// journal, grades the answers and measures them; it needs nothing but the journal. Compare sets the journals of several methods side by side.
//
// A confidence is one of two, as in the released evaluation: Verbal, the number that the response states, and Logits, the probability that the model
// gave its own response: exp of the mean log-prob of its tokens. One answer has both. What the response states is read as the released code
// reads it unless MeasureOptions.Policy says otherwise; a response that states none counts as one of −0.1 (see package calibration).
//
// Everything that did not go well is counted: responses cut off by the length limit, refused and unreadable ones, and requests that got no answer. A
// refused problem is a wrong answer without a confidence. A request that failed, on account of the network or the server, is no
// answer: it is left out, reported as missing, and asked again by the next Run.
package evaluation
