package compat

// This file tests the reading of regular expressions: what they match is what regcomp(3) and regexec(3)
// of the GNU C library match in the C locale.

import (
	"errors"
	"strings"
	"testing"
)

var expressionTable = []struct {
	expr    string
	matches []string
	not     []string
}{
	{"", []string{"", "a"}, nil},
	{"a", []string{"a", "bab"}, []string{"", "A", "b"}},
	{"^a$", []string{"a"}, []string{"ab", "ba", "a\n", "\na"}},
	{"a|b|", []string{"", "a", "c"}, nil},
	{"^(a|b)$", []string{"a", "b"}, []string{"", "ab"}},
	{"^()$", []string{""}, []string{"a"}},
	{"^a.c$", []string{"abc", "a\nc", "a\xffc"}, []string{"ac", "abbc", "a\u00e4c"}},
	{"^ab*c$", []string{"ac", "abbbc"}, []string{"abcb"}},
	{"^ab+c$", []string{"abc", "abbc"}, []string{"ac"}},
	{"^ab?c$", []string{"ac", "abc"}, []string{"abbc"}},
	{"^a{2}$", []string{"aa"}, []string{"a", "aaa"}},
	{"^a{2,}$", []string{"aa", "aaaa"}, []string{"a"}},
	{"^a{,2}$", []string{"", "a", "aa"}, []string{"aaa"}},
	{"^a{1,2}$", []string{"a", "aa"}, []string{"", "aaa"}},
	{"^(ab){2}$", []string{"abab"}, []string{"ab"}},
	{"^a*+$", []string{"", "aaa"}, []string{"b"}},
	{"^a+?$", []string{"", "a", "aaa"}, []string{"b"}},
	{"a^b", nil, []string{"ab", "a^b"}},
	{`\.git/`, []string{"x/.git/y"}, []string{"xgit/"}},
	{`\\`, []string{`a\b`}, []string{"ab"}},
	{`\^\$\*\+\?\{\}\(\)\[\]\|`, []string{"^$*+?{}()[]|"}, []string{""}},
	{`a\/b`, []string{"a/b"}, []string{`a\/b`}},
	{`^\w+$`, []string{"aZ_9"}, []string{"a-b", "\xe4"}},
	{`^\W$`, []string{"-", "\xe4"}, []string{"a", "_"}},
	{`^\s$`, []string{" ", "\t", "\v", "\n"}, []string{"a"}},
	{`^\S$`, []string{"a"}, []string{" "}},
	{`\bab\b`, []string{"ab", "x ab-"}, []string{"xab", "abx"}},
	{"a\\`b|`x", []string{"`x"}, []string{"ab", "x"}},
	{`x\'`, []string{"x", "ax"}, []string{"xa", "x\n"}},
	{"^[abc]$", []string{"a", "c"}, []string{"d", "ab", "]"}},
	{"^[^abc]$", []string{"d", "\n", "\xff"}, []string{"a"}},
	{"^[]a]$", []string{"]", "a"}, []string{"["}},
	{"^[^]a]$", []string{"["}, []string{"]", "a"}},
	{"^[a-c]$", []string{"a", "b", "c"}, []string{"d", "-"}},
	{"^[a-]$", []string{"a", "-"}, []string{"b"}},
	{"^[-a]$", []string{"a", "-"}, []string{"b"}},
	{`^[\]$`, []string{`\`}, []string{"]"}},
	{`^[\n]$`, []string{`\`, "n"}, []string{"\n"}},
	{"^[[:alpha:]]$", []string{"a", "Z"}, []string{"1", "\xe4", ":"}},
	{"^[[:digit:][:space:]x]$", []string{"0", "\t", "x"}, []string{"a"}},
	{"^[^[:alnum:]]$", []string{"_", "\xff"}, []string{"a", "5"}},
	{"^[[:punct:]]$", []string{"!", "~", "_"}, []string{"a", " "}},
	{"^[[:blank:]]$", []string{" ", "\t"}, []string{"\n"}},
	{"^[[:cntrl:]]$", []string{"\x01", "\x7f"}, []string{" "}},
	{"^[[:xdigit:]]$", []string{"f", "F", "9"}, []string{"g"}},
	{"^[[.a.]-c]$", []string{"a", "b"}, []string{".", "["}},
	{"^[[=a=]]$", []string{"a"}, []string{"=", "b"}},
	{"^[\xe0-\xef]$", []string{"\xe4"}, []string{"\xf0", "\u00e4"}},
	{"^\u00e4$", []string{"\u00e4"}, []string{"\xe4"}},
	{"}", []string{"}"}, []string{"{"}},
	{"]", []string{"]"}, []string{"["}},
	{"a)b", []string{"a)b"}, []string{"ab"}},
}

func TestExpressionsMatchAsThoseOfRegcomp(t *testing.T) {
	for _, tt := range expressionTable {
		p, err := compile(tt.expr, false)
		if err != nil {
			t.Errorf("%q: %v", tt.expr, err)
			continue
		}
		for _, text := range tt.matches {
			if !p.match([]byte(text)) {
				t.Errorf("%q does not match %q", tt.expr, text)
			}
		}
		for _, text := range tt.not {
			if p.match([]byte(text)) {
				t.Errorf("%q matches %q", tt.expr, text)
			}
		}
	}
}

func TestExpressionsFoldCaseOfASCIIAlone(t *testing.T) {
	for _, tt := range []struct {
		expr, text string
		want       bool
	}{
		{"abc", "ABC", true},
		{"^[A-C]+$", "abC", true},
		{"^[^a]$", "A", false},
		{"[[:upper:]]", "a", true},
		{"\xe4", "\xc4", false},
		{"k", "\u212a", false}, // the Kelvin sign
		{"\u00e4", "\u00c4", false},
	} {
		p, err := compile(tt.expr, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.match([]byte(tt.text)); got != tt.want {
			t.Errorf("%q with %q: %v", tt.expr, tt.text, got)
		}
	}
}

func TestWrongExpressionsAreTold(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want error
	}{
		{"(", errExpression}, {"a(b", errExpression}, {"[", errExpression}, {"[a", errExpression}, {"[]", errExpression},
		{"[b-a]", errExpression}, {"[[:none:]]", errExpression}, {"[[:alpha:]", errExpression}, {"[[.ab.]]", errExpression},
		{`\`, errExpression}, {`a\`, errExpression}, {"a{2,1}", errExpression}, {"a{40000}", errExpression},
		{`\1`, errExpression},
		{`(a)\1`, errCannot}, {`\<a`, errCannot}, {`a\>`, errCannot}, {"a{1001}", errCannot},
	} {
		if _, err := compile(tt.expr, false); !errors.Is(err, tt.want) {
			t.Errorf("%q: error %v, want %v", tt.expr, err, tt.want)
		}
	}
}

func TestMatchesAllBelowOnlyWithoutAnEnd(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want bool
	}{
		{`\.git/`, true}, {`/\.git(/|$)`, false}, {"d$", false}, {`d\b`, false}, {"none", false},
	} {
		p, err := compile(tt.expr, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.matchesAllBelow([]byte("d/.git/")); got != tt.want {
			t.Errorf("%q: %v", tt.expr, got)
		}
	}
}

// FuzzExpressions holds that no expression makes the translation panic, or end in an error that is none
// of the two, and that what all below a path matches, the path matches with anything behind it.
func FuzzExpressions(f *testing.F) {
	for _, expr := range []string{
		"", "a|b|", "^(a|b)*$", "a{1,3}{2}", "[]-a]", "[^[:alpha:][.x.]-z]", `\(\w\b`, "[[=a=]-]", "(()", "a**", "{", "\xff[\x80-\xfe]", "|*", "(?:",
		"[[.", "[[:", "[a-[.", "a{99999999999999999999}", "((((a{1000}){1000}){1000}){1000})",
	} {
		f.Add(expr, "a/b\xff\n", "c")
	}
	f.Fuzz(func(t *testing.T, expr, text, behind string) {
		if len(expr) > 200 || strings.Count(expr, "{") > 3 { // package regexp takes its time
			return
		}
		for _, fold := range []bool{false, true} {
			p, err := compile(expr, fold)
			if err != nil {
				if !errors.Is(err, errExpression) && !errors.Is(err, errCannot) {
					t.Fatalf("%q: %v", expr, err)
				}
				continue
			}
			if p.matchesAllBelow([]byte(text)) && !p.match([]byte(text+behind)) {
				t.Fatalf("%q matches all below %q, but not %q", expr, text, text+behind)
			}
		}
	})
}
