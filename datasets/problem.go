package datasets

// Problem is one question with a known answer.
type Problem struct {
	// ID names the problem within its benchmark, such as "aime24/I-1". Training
	// files may repeat an ID when they repeat the row.
	ID string
	// Question is the text shown to the model.
	Question string
	// Answer is the reference answer, as the source writes it (often LaTeX).
	Answer string
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
}
