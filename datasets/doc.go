// Package datasets holds problems with known answers: a registry of benchmarks
// and training sets, read from checked local files or from the Hugging Face
// Hub, a reader for anybody's files, and seeded synthetic arithmetic.
//
// A file is JSON Lines, JSON, CSV, TSV or Parquet, a problem a row:
//
//	{"id": "amc23/12A-1", "problem": "…", "answer": "27", "source": "…",
//	 "solution": "…", "level": 5, "subject": "…", "difficulty": 68.75}
//
// Only problem (or question) and answer are required. "aliases" may list
// further right answers, "choices" the texts of choices, of which answer is
// then the index from 0, the letter or the text. These layouts are known too:
// verl's chat format (data_source, prompt, ability, reward_model, extra_info),
// as the reference trains with, TriviaQA's answers with aliases, GPQA's right and
// wrong answers, GSM8K's answers behind "####", and MATH's in the box of a
// solution.
//
// [Problem.Grade] grades a completion. The mathematical grader is the package
// datasets/grade, the arithmetic generator datasets/arithmetic, puzzles of knights
// and knaves with their grader datasets/logic.
package datasets
