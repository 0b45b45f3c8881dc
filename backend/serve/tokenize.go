package serve

import (
	"net/http"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// tokenize answers POST /tokenize: the ids of a text or of a conversation.
func (s *Server) tokenize(w http.ResponseWriter, r *http.Request) error {
	f, err := s.body(w, r)
	if err != nil {
		return err
	}
	if err := s.checkModel(f); err != nil {
		return err
	}
	ids, err := s.tokenIDs(f)
	if err != nil {
		return err
	}
	strs := false
	f.bool("return_token_strs", &strs)
	if err := f.err(); err != nil {
		return err
	}
	answer := struct {
		Count       int      `json:"count"`
		MaxModelLen int      `json:"max_model_len"`
		Tokens      []int32  `json:"tokens"`
		TokenStrs   []string `json:"token_strs"`
	}{len(ids), s.opt.MaxModelLen, ids, nil}
	if strs {
		answer.TokenStrs = s.spellings(ids)
	}
	return s.writeJSON(w, http.StatusOK, answer)
}

// tokenIDs encodes what a tokenize request holds.
func (s *Server) tokenIDs(f *fields) ([]int32, error) {
	if s.opt.Tokenizer == nil {
		return nil, badRequest("The model has no tokenizer.")
	}
	if _, chat := f.get("messages"); chat {
		c := readConversation(f)
		if err := f.err(); err != nil {
			return nil, err
		}
		if err := checkRefused(f); err != nil {
			return nil, err
		}
		return s.prompt(c)
	}
	var text string
	special := true
	if _, ok := f.get("prompt"); !ok {
		f.missing("prompt")
	}
	f.string("prompt", &text)
	f.bool("add_special_tokens", &special)
	if err := f.err(); err != nil {
		return nil, err
	}
	if ids := s.encode(text, special); ids != nil {
		return ids, nil
	}
	return []int32{}, nil
}

// spellings names tokens as the tokenizer's file writes them.
func (s *Server) spellings(ids []int32) []string {
	speller, ok := s.tok.(interface{ Spelling(int32) string })
	out := make([]string, len(ids))
	for i, id := range ids {
		if ok {
			out[i] = speller.Spelling(id)
		} else {
			out[i] = tokenizer.Spell(s.tok, id)
		}
	}
	return out
}

// detokenize answers POST /detokenize: the text of ids, special tokens written out.
func (s *Server) detokenize(w http.ResponseWriter, r *http.Request) error {
	f, err := s.body(w, r)
	if err != nil {
		return err
	}
	if err := s.checkModel(f); err != nil {
		return err
	}
	var ids []int32
	if _, ok := f.get("tokens"); !ok {
		f.missing("tokens")
	}
	f.ids("tokens", &ids)
	if err := f.err(); err != nil {
		return err
	}
	if s.opt.Tokenizer == nil {
		return badRequest("The model has no tokenizer.")
	}
	if err := s.checkIDs(ids); err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, map[string]string{"prompt": tokenizer.Spell(s.tok, ids...)})
}
