package tokenizer_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

func ExampleNewChars() {
	tok, err := tokenizer.NewChars("0123456789+=", "\nCONFIDENCE: ")
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := tok.Encode("2+2=4\nCONFIDENCE: ")
	fmt.Println(ids, tok.Decode(ids) == "2+2=4\nCONFIDENCE: ")
	// Output: [5 13 5 14 7 15] true
}

func ExampleChatTemplate_Render() {
	template, err := tokenizer.ParseChatTemplate("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := template.Render([]tokenizer.Message{{Role: "user", Content: "What is 2+2?"}}, tokenizer.RenderOptions{AddGenerationPrompt: true})
	fmt.Println(text, err)
	// Output:
	// <|user|>What is 2+2?
	// <|assistant|> <nil>
}
