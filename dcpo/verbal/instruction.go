package verbal

// Instruction is appended to a question so that the model boxes its answer and
// states a confidence. Training and evaluation use the same text. It holds no
// example number: one would pull stated confidences towards it, and a model
// that repeats the instruction would then appear to have stated one.
const Instruction = "\n\nReason step by step, then give the final answer inside \\boxed{}.\n" +
	"After that, finish with one last line, in exactly this form, that says how likely your answer is to be right:\n" +
	"CONFIDENCE: <number between 0 and 1>\n"

// Ask returns the question followed by Instruction: the user message sent to
// the model where a verbal confidence is wanted.
func Ask(question string) string { return question + Instruction }
