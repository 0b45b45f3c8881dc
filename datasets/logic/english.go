package logic

import (
	"strings"
	"unicode"
)

// The wording of the puzzles made here. In it, # stands for the number of
// people, N for the speaker and P for what is said.
const (
	intro   = "On a far island everybody is either a knight or a knave. What a knight says is always true, and what a knave says is always false. You come upon # of the islanders: "
	closing = " Who of them is a knight, and who is a knave?"
)

var frames = []string{
	`N says that P.`,
	`N says: "P."`,
	`"P," says N.`,
	`N tells you that P.`,
	`N claims that P.`,
	`"P," claims N.`,
	`N maintains that P.`,
	`N's answer is: "P."`,
	`"P," N assures you.`,
	`N swears that P.`,
	`N explains: "P."`,
	`"P," N replies.`,
}

// numbers are the numbers of people in words.
var numbers = [mostPeople + 1]string{2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}

// firstNames are what the islanders are called.
var firstNames = strings.Fields(`
	Ada Aisha Akira Alma Amir Anneke Anton Arjun Astrid Bela Bianca Boris Carmen Chidi Clara Dalia Deepa Diego
	Dmitri Edith Elif Emeka Enzo Esther Fatima Felix Fiona Gita Goran Greta Hana Hector Hugo Ines Ingrid Ivan
	Jamal Joana Jonas Kaito Karim Kwame Laila Lars Leila Lorenzo Magda Malik Marta Mei Milan Nadia Naomi Nils
	Noor Olga Omar Paola Pavel Priya Quentin Rafael Rosa Ruth Sanjay Selma Sven Tariq Thandi Tomas Ulrich Uma
	Viktor Wanda Xenia Yara Yusuf Zainab Zoltan`)

// question words a puzzle, choosing among the frames.
func (g *Generator) question(p Puzzle) string {
	var b strings.Builder
	b.WriteString(strings.Replace(intro, "#", numbers[len(p.Names)], 1))
	last := len(p.Names) - 1
	b.WriteString(strings.Join(p.Names[:last], ", ") + " and " + p.Names[last] + ".")
	for i, s := range p.Statements {
		frame := frames[g.rng.IntN(len(frames))]
		said := english(s, p.Names)
		if s.Op == "<=>" && s.Claims[0].Knight && g.coin() {
			said = alike(s, p.Names)
		}
		if strings.Contains(frame, `"P`) { // a sentence of its own
			said = capitalised(said)
		}
		b.WriteByte(' ')
		b.WriteString(strings.NewReplacer("N", p.Names[i], "P", said).Replace(frame))
	}
	b.WriteString(closing)
	return b.String()
}

// english words a valid statement, to stand within a sentence.
func english(s Statement, names []string) string {
	claim := func(i int, is string) string {
		return names[s.Claims[i].Person] + is + kind(s.Claims[i].Knight)
	}
	const is = " is a "
	switch s.Op {
	case "":
		return claim(0, is)
	case "not":
		return claim(0, " is not a ")
	case "->":
		return "if " + claim(0, is) + " then " + claim(1, is)
	case "<=>":
		return claim(0, is) + " if and only if " + claim(1, is)
	}
	return claim(0, is) + " " + s.Op + " " + claim(1, is) // and, or
}

// alike words an equivalence whose first claim is that somebody is a knight: it
// says that two people are of one kind, or are not.
func alike(s Statement, names []string) string {
	how := otherKinds
	if s.Claims[1].Knight {
		how = sameKind
	}
	return names[s.Claims[0].Person] + " and " + names[s.Claims[1].Person] + how
}

const (
	sameKind   = " are of the same kind"
	otherKinds = " are of different kinds"
)

// capitalised has an upper-case first letter.
func capitalised(s string) string {
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}
