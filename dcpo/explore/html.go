package explore

import (
	"fmt"
	"math"

	"github.com/dcpo-go/godcpo/dcpo/explore/page"
)

// HTML makes one page of several views.
func HTML(title string, views ...*View) (string, error) {
	d := page.Document{Title: title}
	for _, v := range views {
		d.Answers = append(d.Answers, v.answer())
	}
	return d.HTML()
}

// HTML is a page that needs nothing from elsewhere: tokens to colour and to point at, and the distributions of confidences.
func (v *View) HTML() (string, error) { return HTML("Confidence tokens", v) }

// MIMEBundle shows the view in a notebook cell: the page in a frame, or text where no page can be shown.
func (v *View) MIMEBundle() map[string]any {
	bundle := map[string]any{"text/plain": v.String()}
	if document, err := v.HTML(); err == nil {
		bundle["text/html"] = page.Frame(document, v.height())
	}
	return bundle
}

// height is about what the page needs, in pixels.
func (v *View) height() int {
	const head, line, column, chart, most = 330, 29, 90, 170, 1100
	charts := len(v.Variants)
	for _, one := range []*View{v, v.Against} {
		if one != nil && one.Confidences != nil {
			charts++
		}
	}
	return min(most, head+line*(1+len(v.Response)/column)+chart*charts)
}

// answer lays the view out for the page.
func (v *View) answer() page.Answer {
	a := page.Answer{Title: v.Title, Question: v.Question, Notes: v.Notes, Colours: v.colours()}
	for _, f := range v.Facts {
		a.Facts = append(a.Facts, [2]string{f.Name, f.Value})
	}
	views := []*View{v}
	if v.Against != nil {
		views = append(views, v.Against)
	}
	for i, one := range views {
		a.Columns = append(a.Columns, one.column(views, i))
	}
	a.Charts = v.charts()
	if v.Confidences != nil {
		a.About = v.Confidences.Account()
	}
	return a
}

// column is one of the views side by side.
func (v *View) column(views []*View, own int) page.Column {
	c := page.Column{Name: v.Model}
	if len(views) > 1 {
		c.Name = fmt.Sprintf("%c: %s", 'A'+own, v.Model)
	}
	for i, t := range v.Tokens {
		inside := v.Span.Start <= i && i < v.Span.End
		p := page.Token{Text: t.Text, ID: t.ID, Special: t.Special, Span: inside, Opens: inside && i == v.Span.Start, Closes: inside && i == v.Span.End-1,
			Lines: t.lines(i, len(v.Tokens)), Shades: map[string]float64{}}
		for _, s := range shadings {
			if x := s.value(t); !math.IsNaN(x) {
				p.Shades[s.key] = x / s.most
			}
		}
		if len(views) > 1 {
			a, b := views[0].Tokens[i].LogProb, views[1].Tokens[i].LogProb
			p.Shades[difference.key] = (b - a) / difference.most
			p.Lines = append(p.Lines, fmt.Sprintf("log-prob %s in A, %s in B: %s", signed(a), signed(b), signed(b-a)))
		}
		for _, o := range t.Top {
			p.Others = append(p.Others, page.Other{Text: named(o.ID, o.Text), Probability: math.Min(1, math.Exp(o.LogProb)), Own: o.ID == t.ID})
		}
		c.Tokens = append(c.Tokens, p)
	}
	return c
}

// named is a token's text, or its id where it has none.
func named(id int32, text string) string {
	if text == "" {
		return fmt.Sprintf("#%d", id)
	}
	return text
}

// lines are what is known of a token, for people.
func (t Token) lines(at, all int) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if !math.IsNaN(t.LogProb) {
		rank := ""
		if t.Rank > 0 {
			rank = fmt.Sprintf(", rank %d", t.Rank)
		}
		say("probability %s, log-prob %s%s", percent(math.Min(1, math.Exp(t.LogProb))), signed(t.LogProb), rank)
	}
	if !math.IsNaN(t.Entropy) {
		say("entropy %.3f nats", t.Entropy)
	}
	if !math.IsNaN(t.Advantage) {
		say("advantage %s", signed(t.Advantage))
	}
	if !math.IsNaN(t.Reward) {
		say("reward %s", signed(t.Reward))
	}
	if t.Part != "" {
		say("some bytes of %s", page.Plain(t.Part))
	}
	if t.ID >= 0 {
		kind := ""
		if t.Special {
			kind = ", no text of the answer"
		}
		say("token %d of %d, id %d%s", at+1, all, t.ID, kind)
	}
	return out
}

// signed writes a number with its sign, and none where it rounds to nothing.
func signed(x float64) string {
	switch {
	case math.IsNaN(x):
		return "unknown"
	case math.Abs(x) < 0.0005:
		return "0.000"
	case x < 0:
		return fmt.Sprintf("−%.3f", -x)
	}
	return fmt.Sprintf("+%.3f", x)
}

// charts are the distributions, the answer's own first.
func (v *View) charts() []page.Chart {
	var out []page.Chart
	own := v.Confidences
	if own == nil {
		return nil
	}
	name := "as it stands"
	if v.Against != nil {
		name = "A: " + v.Model
	}
	out = append(out, own.chart(name, nil))
	if b := v.Against; b != nil && b.Confidences != nil {
		other := b.Confidences.chart("B: "+b.Model, own)
		other.Original = true
		out = append(out, other)
	}
	for _, variant := range v.Variants {
		c := variant.Confidences.chart(variant.name(), own)
		c.Text = variant.Reasoning
		out = append(out, c)
	}
	return out
}

// name says what an edit did.
func (v Variant) name() string {
	switch {
	case v.Edit.Old != "":
		return fmt.Sprintf("with %q in place of %q:", v.Edit.New, v.Edit.Old)
	case v.Edit.New == "":
		return "without the reasoning:"
	}
	return "after other reasoning:"
}

// chart draws a distribution, beside which another one stands.
func (d *Distribution) chart(name string, beside *Distribution) page.Chart {
	c := page.Chart{Name: name, Shares: d.Shares, Mean: d.Mean(), Sampled: math.NaN(), Summary: d.summary(beside), Original: beside == nil}
	for i, q := range []float64{0.05, 0.5, 0.95} {
		c.Quantiles[i] = d.Quantile(q)
	}
	if d.HasSampled && d.Sampled >= 0 && d.Sampled <= 1 {
		c.Sampled = d.Sampled
	}
	return c
}
