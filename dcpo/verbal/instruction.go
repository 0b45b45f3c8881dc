package verbal

import "fmt"

// Instruction is appended to a question so that the model boxes its answer and
// states a confidence. Training and evaluation use the same text. It holds no
// example number: one would pull stated confidences towards it, and a model
// that repeats the instruction would then appear to have stated one.
const Instruction = "\n\nReason step by step, then give the final answer inside \\boxed{}.\n" +
	"After that, finish with one last line, in exactly this form, that says how likely your answer is to be right:\n" +
	"CONFIDENCE: <number between 0 and 1>\n"

// referenceInstruction is what the released code's data carry: the training
// set's own request for a box, and then the script's, whose spelling and full
// stops are kept because a model reads them.
const referenceInstruction = " Let's think step by step and output the final answer within \\boxed{}." +
	"\n\nPlease put your final answer within \\boxed{}.\n\n" +
	"Also output a singal line at the end of the answer：CONFIDENCE: <float number between 0 and 1>\n" +
	"e.g. ：CONFIDENCE: 0.83\n" +
	"Please make sure CONFIDENCE part is in a singal line with the exact same format。\n"

// logicInstruction asks for Logic-RL's two tags and for a confidence after them.
const logicInstruction = "\n\nReason inside <think> </think> tags. Then say what each person is inside <answer> </answer> tags, one a line, such as\n" +
	"<answer>\n(1) NAME is a knight\n(2) NAME is a knave\n</answer>\n" +
	"After that, finish with one last line, in exactly this form, that says how likely your answer is to be right:\n" +
	"CONFIDENCE: <number between 0 and 1>\n"

// Prompt says what is appended to a question. Its values are those of the
// setting confidence.prompt.
type Prompt string

const (
	// PromptNone asks the bare question.
	PromptNone Prompt = "none"
	// PromptBoxed asks for reasoning, a boxed answer and a confidence: Instruction.
	PromptBoxed Prompt = "boxed"
	// PromptReference asks as the released code's training data do.
	PromptReference Prompt = "reference"
	// PromptLogic asks for reasoning and answer in tags, and a confidence.
	PromptLogic Prompt = "logic"
)

var prompts = map[Prompt]string{"": "", PromptNone: "", PromptBoxed: Instruction, PromptReference: referenceInstruction, PromptLogic: logicInstruction}

// Validate reports an unknown prompt; the empty string stands for PromptNone.
func (p Prompt) Validate() error {
	if _, ok := prompts[p]; ok {
		return nil
	}
	return fmt.Errorf("confidence.prompt %q is unknown: use %q, %q, %q or %q", string(p), PromptNone, PromptBoxed, PromptReference, PromptLogic)
}

// Ask returns the question followed by what is asked of the answer.
func (p Prompt) Ask(question string) string { return question + prompts[p] }

// Ask returns the question followed by Instruction: the user message sent to
// the model where a verbal confidence is wanted.
func Ask(question string) string { return PromptBoxed.Ask(question) }
