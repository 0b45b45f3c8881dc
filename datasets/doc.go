// Package datasets holds problems with known answers: a registry of
// benchmarks and training sets read from checked local files, a reader for
// anybody's JSON Lines in the same schema, and seeded synthetic arithmetic.
//
// A file holds one JSON object a line:
//
//	{"id": "amc23/12A-1", "problem": "…", "answer": "27", "source": "…",
//	 "solution": "…", "level": 5, "subject": "…", "difficulty": 68.75}
//
// Only problem and answer are required. The grader of answers is the package
// datasets/grade, the arithmetic generator datasets/arithmetic.
package datasets
