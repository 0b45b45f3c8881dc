package datasets

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"github.com/dcpo-go/godcpo/datasets/table"
)

// boxInstruction ends the prompts of the reference's training files. It is
// taken off, since a prompt is made anew from the question.
const boxInstruction = `Let's think step by step and output the final answer within \boxed{}.`

// readChat reads the chat format of verl and the reference: data_source, prompt
// (messages), ability, reward_model.ground_truth, extra_info.
func readChat(c columns, p *Problem) error {
	extra, reward := nested(c["extra_info"]), nested(c["reward_model"])
	switch prompt := c["prompt"].(type) {
	case string:
		p.Question = prompt
	case []any:
		for _, m := range prompt { // the last message of the user
			message := nested(m)
			if role, _ := table.Text(message["role"]); role != "user" {
				continue
			}
			content, ok := table.Text(message["content"])
			if !ok {
				return fmt.Errorf("column \"prompt\": expected the content of a message to be a string, found %s", table.Describe(message["content"]))
			}
			p.Question = content
		}
	default:
		return fmt.Errorf("column \"prompt\": expected a list of messages, found %s", table.Describe(c["prompt"]))
	}
	p.Question = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(p.Question), boxInstruction))
	truth := reward["ground_truth"]
	if puzzle, ok := truth.(map[string]any); ok { // Logic-RL
		truth = puzzle["solution_text_format"]
	}
	answer, ok := table.Text(truth)
	if !ok {
		return fmt.Errorf("column \"reward_model.ground_truth\": expected a string or a number, found %s", table.Describe(truth))
	}
	p.Answer = answer
	if !p.HasDifficulty {
		readDifficulty(extra, p)
	}
	if index, ok := table.Text(extra["index"]); ok && index != "" && p.ID == "" {
		p.ID = p.Source + "/" + index
	}
	return nil
}

// readExpert reads the layout of GPQA: the right answer and three wrong ones,
// which are put into an order that depends on the question only.
func readExpert(c columns, p *Problem) error {
	question, err := c.text("question")
	if err != nil {
		return err
	}
	p.Question = strings.TrimSpace(question)
	var choices []string
	for _, name := range []string{"correct answer", "incorrect answer 1", "incorrect answer 2", "incorrect answer 3"} {
		text, err := c.text(name)
		if err != nil {
			return err
		}
		if text = strings.TrimSpace(text); text != "" {
			choices = append(choices, text)
		}
	}
	if len(choices) < 2 || c["correct answer"] == "" {
		return nil // no answer, which is told later
	}
	right := choices[0]
	h := fnv.New64a()
	h.Write([]byte(question)) // never fails
	rand.New(rand.NewPCG(h.Sum64(), choiceStream)).Shuffle(len(choices), func(i, j int) { choices[i], choices[j] = choices[j], choices[i] })
	for i, text := range choices {
		if text == right {
			p.setChoices(choices, i)
			break
		}
	}
	return nil
}

// choiceStream keeps the order of choices apart from other uses of the seed.
const choiceStream = 0xc401ce

// readChoices reads the layout of MMLU and its kin: a list of choices and the
// right one's index, letter or text.
func readChoices(c columns, choices []string, p *Problem) error {
	answer, err := c.text(answerNames...)
	if err != nil || answer == "" {
		return err
	}
	answer = strings.TrimSpace(answer)
	if i, ok := table.Number(answer); ok && i >= 0 && int(i) < len(choices) && i == float64(int(i)) {
		p.setChoices(choices, int(i))
		return nil
	}
	if letter := strings.ToUpper(strings.Trim(answer, "()")); len(letter) == 1 && letter[0] >= 'A' && int(letter[0]-'A') < len(choices) {
		p.setChoices(choices, int(letter[0]-'A'))
		return nil
	}
	for i, text := range choices {
		if strings.TrimSpace(text) == answer {
			p.setChoices(choices, i)
			return nil
		}
	}
	return fmt.Errorf("the answer %q is none of the %d choices: expected an index from 0, a letter, or a choice's text", answer, len(choices))
}

// setChoices shows the choices in the question, unless it ends with them, and
// notes the right one.
func (p *Problem) setChoices(choices []string, right int) {
	p.Choices, p.Answer = choices, string(rune('A'+right))
	var b strings.Builder
	for i, text := range choices {
		fmt.Fprintf(&b, "\n(%c) %s", 'A'+i, strings.TrimSpace(text))
	}
	if p.Question = strings.TrimSpace(p.Question); !strings.HasSuffix(p.Question, b.String()) {
		p.Question += "\n" + b.String()
	}
}
