package track

import "encoding/json"

// MarshalJSON writes undefined and infinite numbers as null, for which JSON has no other word.
func (s Sample) MarshalJSON() ([]byte, error) {
	type plain Sample // without this method
	line := struct {
		plain
		Confidence          *json.RawMessage           `json:"confidence"`
		Rewards             map[string]json.RawMessage `json:"rewards,omitempty"`
		AnswerAdvantage     json.RawMessage            `json:"answer_advantage"`
		ConfidenceAdvantage json.RawMessage            `json:"confidence_advantage"`
	}{plain: plain(s), AnswerAdvantage: number(s.AnswerAdvantage), ConfidenceAdvantage: number(s.ConfidenceAdvantage)}
	if s.Confidence != nil {
		raw := number(*s.Confidence)
		line.Confidence = &raw
	}
	if len(s.Rewards) > 0 {
		line.Rewards = map[string]json.RawMessage{}
		for name, v := range s.Rewards {
			line.Rewards[name] = number(v)
		}
	}
	return json.Marshal(line)
}
