// Package tidy checks what must never be argued about in this tree: who may
// import whom, that pure rooms are pure, that what is exported is documented,
// and that generated files stay in their place.
//
// It holds the machinery; the law itself is data in tidy_test.go at the root,
// where a reader looks for it. Every offence names the file, the rule and why
// the rule is there. Checks work on parsed packages and never touch the disk,
// so their own tests feed them small packages written in the test.
//
// It refuses to judge size and style: those are lived, and reviewed by people.
package tidy
