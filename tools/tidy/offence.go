package tidy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Offence is one breach of a rule.
type Offence struct {
	Where string // file:line, or a package path.
	What  string // What stands there that should not.
	Rule  string // The rule, as a sentence.
	Why   string // Why the rule is there, so that it can be obeyed with a good heart or changed with a reason.
}

// String is the offence in three lines.
func (o Offence) String() string {
	return fmt.Sprintf("%s: %s\n    rule: %s\n    why:  %s", o.Where, o.What, o.Rule, o.Why)
}

// sorted puts offences in the order of file and line, so that two runs read
// alike.
func sorted(offences []Offence) []Offence {
	slices.SortFunc(offences, func(a, b Offence) int {
		fileA, lineA := a.place()
		fileB, lineB := b.place()
		return cmp.Or(cmp.Compare(fileA, fileB), cmp.Compare(lineA, lineB), cmp.Compare(a.What, b.What))
	})
	return offences
}

// place splits Where into its file and line; the line is 0 if there is none.
func (o Offence) place() (file string, line int) {
	file, digits, _ := strings.Cut(o.Where, ":")
	line, _ = strconv.Atoi(digits)
	return file, line
}
