package datasets

import "github.com/dcpo-go/godcpo/datasets/grade"

// Problem is one question with a known answer.
type Problem struct {
	// ID names the problem within its benchmark, such as "aime24/I-1". Training
	// files may repeat an ID when they repeat the row.
	ID string
	// Question is the text shown to the model. Where there are Choices, it ends
	// with them, each behind its letter.
	Question string
	// Answer is the reference answer, as the source writes it (often LaTeX); the
	// letter of the right one where there are Choices.
	Answer string
	// Aliases are further answers that are right, for questions of fact.
	Aliases []string
	// Choices are the texts of the choices, the one with the letter A first.
	Choices []string
	// Solution is a worked solution, "" where the source has none.
	Solution string
	// Source names where the problem comes from.
	Source string
	// Level is the source's own difficulty class ("5", "3 people", "mul22").
	Level string
	// Subject is the source's own topic.
	Subject string
	// Difficulty is a measured difficulty in percent of failed attempts (0 easy,
	// 100 never solved); it means something only if HasDifficulty is true.
	Difficulty    float64
	HasDifficulty bool
	// Fact marks questions whose answer is a name or a few words, to be compared
	// as text and not as mathematics.
	Fact bool
}

// Grade decides whether a completion answers the problem: by its choice, by the
// words of a fact, or mathematically.
func (p Problem) Grade(completion string) grade.Verdict {
	switch {
	case len(p.Choices) > 0:
		return grade.Choice(completion, p.Answer, p.Choices)
	case p.Fact || len(p.Aliases) > 0:
		return grade.Text(completion, append([]string{p.Answer}, p.Aliases...)...)
	}
	return grade.Grade(completion, p.Answer)
}
