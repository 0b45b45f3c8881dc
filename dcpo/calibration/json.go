package calibration

import (
	"encoding/json"
	"math"
)

// number is a float64 whose undefined value, NaN, is null in JSON.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func (n *number) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(raw, (*float64)(n))
}

// summaryJSON fixes the names and order of the fields: scripts rely on them.
type summaryJSON struct {
	N              int        `json:"n"`
	Bins           int        `json:"bins"`
	Accuracy       number     `json:"accuracy"`
	MeanConfidence number     `json:"mean_confidence"`
	MeanStated     number     `json:"mean_stated_confidence"`
	ShareMissing   number     `json:"share_missing"`
	ECE            number     `json:"ece"`
	PCE            number     `json:"pce"`
	PCEConditional number     `json:"pce_conditional"`
	MCE            number     `json:"mce"`
	Brier          number     `json:"brier"`
	AUROC          number     `json:"auroc"`
	Intervals      *Intervals `json:"intervals,omitempty"` // nil in writing: they come after Further
}

// MarshalJSON writes the summary as one object with lower-case field names (n,
// accuracy, mean_confidence, ece, pce, pce_conditional, mce, brier, auroc, …,
// and those of Further beside them); an undefined measure is null.
func (s Summary) MarshalJSON() ([]byte, error) {
	object, err := json.Marshal(summaryJSON{
		N: s.N, Bins: s.Bins, Accuracy: number(s.Accuracy), MeanConfidence: number(s.MeanConfidence), MeanStated: number(s.MeanStated),
		ShareMissing: number(s.ShareMissing), ECE: number(s.ECE), PCE: number(s.PCE), PCEConditional: number(s.PCEConditional),
		MCE: number(s.MCE), Brier: number(s.Brier), AUROC: number(s.AUROC),
	})
	if err != nil {
		return nil, err
	}
	more := s.Further.jsonFields()
	if s.Intervals != nil {
		more = append(more, jsonField{"intervals", s.Intervals})
	}
	return appendFields(object, more...)
}

// UnmarshalJSON reads what MarshalJSON wrote; null and absent measures are NaN.
func (s *Summary) UnmarshalJSON(raw []byte) error {
	nan := number(math.NaN())
	j := summaryJSON{Accuracy: nan, MeanConfidence: nan, MeanStated: nan, ShareMissing: nan, ECE: nan, PCE: nan, PCEConditional: nan, MCE: nan, Brier: nan, AUROC: nan}
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	further, err := readFurther(object)
	if err != nil {
		return err
	}
	*s = Summary{
		N: j.N, Bins: j.Bins, Accuracy: float64(j.Accuracy), MeanConfidence: float64(j.MeanConfidence), MeanStated: float64(j.MeanStated),
		ShareMissing: float64(j.ShareMissing), ECE: float64(j.ECE), PCE: float64(j.PCE), PCEConditional: float64(j.PCEConditional),
		MCE: float64(j.MCE), Brier: float64(j.Brier), AUROC: float64(j.AUROC), Further: further, Intervals: j.Intervals,
	}
	return nil
}

// intervalsJSON fixes the names of the intervals.
type intervalsJSON struct {
	Level          float64  `json:"level"`
	Resamples      int      `json:"resamples"`
	Accuracy       Interval `json:"accuracy"`
	MeanConfidence Interval `json:"mean_confidence"`
	MeanStated     Interval `json:"mean_stated_confidence"`
	ShareMissing   Interval `json:"share_missing"`
	ECE            Interval `json:"ece"`
	PCE            Interval `json:"pce"`
	PCEConditional Interval `json:"pce_conditional"`
	MCE            Interval `json:"mce"`
	Brier          Interval `json:"brier"`
	AUROC          Interval `json:"auroc"`

	Further *FurtherIntervals `json:"-"` // beside the above
}

// MarshalJSON names the intervals as the measures of a Summary are named.
func (i Intervals) MarshalJSON() ([]byte, error) {
	object, err := json.Marshal(intervalsJSON(i))
	if err != nil {
		return nil, err
	}
	return appendFields(object, i.Further.jsonFields()...)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Intervals) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, (*intervalsJSON)(i)); err != nil {
		return err
	}
	var object map[string]json.RawMessage
	err := json.Unmarshal(raw, &object)
	if err == nil {
		i.Further, err = readFurtherIntervals(object)
	}
	return err
}

// MarshalJSON writes [low, high], or null for an undefined interval.
func (i Interval) MarshalJSON() ([]byte, error) {
	if !i.Defined() {
		return []byte("null"), nil
	}
	return json.Marshal([2]float64{i.Low, i.High})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Interval) UnmarshalJSON(raw []byte) error {
	*i = undefined
	if string(raw) == "null" {
		return nil
	}
	var pair [2]float64
	if err := json.Unmarshal(raw, &pair); err != nil {
		return err
	}
	*i = Interval{pair[0], pair[1]}
	return nil
}
