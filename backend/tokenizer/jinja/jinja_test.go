package jinja

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestErrorsNameTheLine(t *testing.T) {
	cases := []struct {
		source string
		line   int
		want   string
	}{
		{"a\n{% fi x %}", 2, `tag "fi" is not known`},
		{"{{ x\n| nope }}", 2, `filter "nope" is not known`},
		{"\n{{ x is nope }}", 2, `test "nope" is not known`},
		{"{% if a %}\n\nb", 1, "not closed by endif"},
		{"\n{{ 'a }}", 2, "the string is not closed"},
		{"\n\n{# a", 3, "the comment is not closed"},
		{"{% raw %}", 1, "endraw"},
		{"\n{{ a ", 2, "not closed by }}"},
		{"\n{{ $ }}", 2, "unexpected character '$'"},
		{"{% for x in [1] %}\n{{ x.y.z }}\n{% endfor %}", 2, `attribute "y" of int is undefined, so it has no attribute "z"`},
		{"\n{{ m.a.b }}", 2, `"m" is undefined`},
		{"a\n\n{{ raise_exception('roles must alternate') }}", 3, "roles must alternate"},
		{"{{ 1 + 'a' }}", 1, "int + str is not possible"},
		{"{{ f(*x) }}", 1, "unpacking arguments"},
		{"{{ 'a'|map('nope')|list }}", 1, "filter 'nope' is not known"},
		{"{% set x.y = 1 %}", 1, "namespace"},
		{"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", 1, "calls itself more than 100 times"},
		{"{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", 1, "does not come to an end"},
		{"{{ " + strings.Repeat("(", 300) + strings.Repeat(")", 300) + " }}", 1, "levels deep"},
		{"{{ 'aaaaaaaaaa' * 100000000 }}", 1, "longer than"},
		{"{{ strftime_now('%Q') }}", 1, "strftime directive %Q"},
	}
	for _, c := range cases {
		_, err := render(c.source, nil)
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("%.60q: error %v, want one with a line", c.source, err)
			continue
		}
		if fault.Line != c.line || !strings.Contains(fault.Message, c.want) {
			t.Errorf("%.60q: %v, want line %d and %q", c.source, err, c.line, c.want)
		}
	}
}

func TestGoValues(t *testing.T) {
	type tool struct {
		Name string `json:"name"`
		Args []int  `json:"args"`
	}
	ordered := NewDict()
	ordered.Set("z", 1)
	ordered.Set("a", []string{"x"})
	variables := map[string]any{
		"o": ordered, "m": map[string]any{"b": 1.0, "a": nil}, "l": []int{1, 2}, "t": tool{"f", []int{3}}, "u": uint8(7), "d": time.Second,
	}
	source := `{{ o|tojson }} {{ m|tojson }} {{ l }} {{ t|tojson }} {{ u }} {{ d }} {{ m.a is none }}`
	want := `{"z": 1, "a": ["x"]} {"a": null, "b": 1.0} [1, 2] {"name": "f", "args": [3]} 7 1000000000 True`
	if got, err := render(source, variables); err != nil || got != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
	if _, err := render("", map[string]any{"c": make(chan int)}); err == nil || !strings.Contains(err.Error(), `variable "c"`) {
		t.Errorf("a channel: %v, want an error naming the variable", err)
	}
}

// TestSelfReference renders values that hold themselves, which must end.
func TestSelfReference(t *testing.T) {
	got, err := render("{% set n = namespace() %}{% set n.a = [n] %}{{ n }}{{ n.a == n.a }}", nil)
	if err != nil || !strings.HasPrefix(got, "<Namespace {'a': [<Namespace") || !strings.HasSuffix(got, "True") {
		t.Errorf("got %.100q, %v", got, err)
	}
}

func TestStrftime(t *testing.T) {
	at := time.Date(2026, time.March, 5, 14, 7, 9, 1234000, time.UTC)
	cases := map[string]string{
		"%d %b %Y": "05 Mar 2026", "%A, %B %-d": "Thursday, March 5", "%H:%M:%S.%f": "14:07:09.001234", "%I %p %j %y %%": "02 PM 064 26 %", "%F": "2026-03-05",
	}
	for format, want := range cases {
		if got, err := strftime(format, at); err != nil || got != want {
			t.Errorf("%s = %q, %v, want %q", format, got, err, want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	v, err := ParseJSON([]byte(` {"b": [1, 2.0, -3e2, "é"], "a": {"z": null, "y": true}} `))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := repr(v), `{'b': [1, 2.0, -300.0, 'é'], 'a': {'z': None, 'y': True}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, bad := range []string{"", "{", "[1,]", `{"a" 1}`, "1 2", "[1", "123456789012345678901234567890", "nul"} {
		if v, err := ParseJSON([]byte(bad)); err == nil {
			t.Errorf("%q gave %v, want an error", bad, v)
		}
	}
}

// FuzzRender checks that no template panics or hangs, and that all its errors name a line.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"{%- for m in messages %}{{ '<|' + m.role + '|>' ~ m['content']|trim }}{% if not loop.last %}\n{% endif %}{% endfor %}",
		"{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a|tojson(indent=2) }}",
		"{% macro f(a, b=2) %}{{ a ~ b }}{% endmacro %}{{ f(1) }}{{ f(b=3, a='x') }}",
		"{# c #}{% raw %}{{ x }}{% endraw %}{{ messages[::-1][0].content.split('a', 1)|map('upper')|join(',') }}",
		"{% if a is defined and b is not none or not c %}x{% elif 1 < 2 <= 3 %}y{% else %}z{% endif %}",
		`{{ {"a": (1, 2.5e3), 'b': [none, true]}['a'] }}{{ "\u00e9\n" }}`,
	} {
		f.Add(seed)
	}
	variables := map[string]any{"messages": []any{map[string]any{"role": "user", "content": "banana"}}}
	f.Fuzz(func(t *testing.T, source string) {
		if strings.Count(source, "range")+strings.Count(source, "*") > 2 {
			t.Skip("allowed to take long")
		}
		_, err := render(source, variables)
		var fault *Error
		if err != nil && (!errors.As(err, &fault) || fault.Line < 1) {
			t.Fatalf("%q: error without a line: %v", source, err)
		}
	})
}

func Example() {
	template, err := Parse("{% for m in messages %}<{{ m.role }}> {{ m.content }}\n{% endfor %}")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := template.Render(map[string]any{"messages": []map[string]string{{"role": "user", "content": "2+2?"}}})
	fmt.Print(text, err)
	// Output:
	// <user> 2+2?
	// <nil>
}
