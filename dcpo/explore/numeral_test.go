package explore

import "testing"

func TestNumeral(t *testing.T) {
	for _, c := range []struct {
		text     string
		decimals int
		what     kind
		value    int
	}{
		{"", 2, begun, 0}, {".", 2, begun, 0}, {"0", 2, number, 0}, {"0.", 2, number, 0}, {"1", 2, number, 100}, {"1.", 2, number, 100},
		{"0.8", 2, number, 80}, {".8", 2, number, 80}, {"0.83", 2, full, 83}, {".05", 2, full, 5}, {"1.0", 2, number, 100}, {"1.00", 2, full, 100},
		{"0.8", 1, full, 8}, {"1.0", 1, full, 10}, {"0.835", 3, full, 835}, {"0.8", 3, number, 800},
		{"2", 2, outside, 0}, {"95", 2, outside, 0}, {"00", 2, outside, 0}, {"10", 2, outside, 0}, {"1.3", 2, outside, 0}, {"1.01", 2, outside, 0}, {"2.", 2, outside, 0},
		{"0.835", 2, foreign, 0}, {"0..", 2, foreign, 0}, {"0.8.", 2, foreign, 0}, {" 0", 2, foreign, 0}, {"a", 2, foreign, 0}, {"-0", 2, foreign, 0}, {"٠", 2, foreign, 0},
	} {
		if what, value := numeral(c.text, c.decimals); what != c.what || (what == number || what == full) && value != c.value {
			t.Errorf("%q to %d decimals: kind %d, value %d, want %d, %d", c.text, c.decimals, what, value, c.what, c.value)
		}
	}
	if what, value := writing(" 0.8", " ", 2); what != number || value != 80 {
		t.Errorf("after a leading space: kind %d, value %d", what, value)
	}
	for text, want := range map[string]kind{"": begun, "\n": begun, "\n(": begun, "\n(1": number, "x": foreign, "\nx": foreign} {
		if what, _ := writing(text, "\n(", 2); what != want {
			t.Errorf("%q after a lead: kind %d, want %d", text, what, want)
		}
	}
}

func TestPiecesThatHelp(t *testing.T) {
	for text, want := range map[string]bool{"0": true, "83": true, "835": false, ".": true, ".8": true, "0.83": true, "0.835": false, "": false, "%": false,
		" 0": false, "8\n": false, "1.2.3": false} {
		if got := helps(text, "", 2); got != want {
			t.Errorf("%q helps: %v", text, got)
		}
	}
	for text, want := range map[string]bool{" ": true, " 0": true, "( ": true, " 0.8": true, "(": true, "( 1": true, ")": false, "((": false} {
		if got := helps(text, "( ", 2); got != want {
			t.Errorf("%q helps after a lead: %v", text, got)
		}
	}
}
