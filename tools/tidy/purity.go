package tidy

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// A pure room computes (config, state, input, now) -> (result, trace). What
// follows is the standard library's share of the impure; third parties are
// kept out by the import law.

// impurePackages may not be imported at all.
var impurePackages = map[string]string{
	"os":           "the file system and the environment",
	"os/exec":      "other processes",
	"os/signal":    "signals",
	"io/ioutil":    "the file system",
	"syscall":      "the operating system",
	"net":          "the network",
	"net/http":     "the network",
	"net/rpc":      "the network",
	"net/smtp":     "the network",
	"database/sql": "a database",
	"log":          "a log",
	"log/slog":     "a log",
	"crypto/rand":  "chance without a seed",
	"hash/maphash": "a hash that differs from run to run",
	"plugin":       "code from disk",
}

// impureNames may not be used, of packages that may otherwise be imported.
var impureNames = map[string][]string{
	"time":    {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local"},
	"fmt":     {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
	"context": {"WithTimeout", "WithDeadline", "WithTimeoutCause", "WithDeadlineCause"},
}

// seededNames of math/rand and math/rand/v2 make a generator of one's own;
// every other function there draws from the global one.
var seededNames = []string{"New", "NewSource", "NewPCG", "NewChaCha8", "NewZipf"}

const (
	purityRule = "a pure room has no clock, I/O, log, goroutine or global random source"
	purityWhy  = "its decisions are (config, state, input, now) -> (result, trace), so live, replayed and backtested runs are one code path and tests need no sleeping; take time, data and a seeded source as arguments, return warnings as values"
)

// CheckPurity returns what is impure in the non-test files of pure rooms.
func (l Law) CheckPurity(packages []Package) []Offence {
	var offences []Offence
	for _, p := range packages {
		if r, ok := l.room(p.Path); !ok || !r.Pure {
			continue
		}
		for _, f := range p.Files {
			if f.Test || f.Generated {
				continue
			}
			impurities(f, func(n ast.Node, what string) {
				offences = append(offences, Offence{Where: f.at(n), What: what, Rule: purityRule, Why: purityWhy})
			})
		}
	}
	return sorted(offences)
}

// impurities reports each impure import, name and statement of a file.
func impurities(f File, report func(ast.Node, string)) {
	names := map[string]string{} // How the file calls a package -> its path.
	for p, spec := range f.imports() {
		if why, bad := impurePackages[p]; bad {
			report(spec, fmt.Sprintf("imports %q, %s", p, why))
		}
		name := path.Base(strings.TrimSuffix(p, "/v2"))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." && (impureNames[p] != nil || isRand(p)) {
			report(spec, fmt.Sprintf("imports %q with a dot, which hides what it uses", p))
		}
		names[name] = p
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n, "starts a goroutine")
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil && (id.Name == "print" || id.Name == "println") {
				report(n, "prints with the builtin "+id.Name)
			}
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if !ok || id.Obj != nil { // A local name, not a package.
				return true
			}
			if p := names[id.Name]; impureUse(p, n) {
				report(n, fmt.Sprintf("uses %s.%s", p, n.Sel.Name))
			}
		}
		return true
	})
}

func isRand(p string) bool { return p == "math/rand" || p == "math/rand/v2" }

// impureUse reports whether the selector names something impure of package p.
func impureUse(p string, s *ast.SelectorExpr) bool {
	if isRand(p) {
		isType := slices.Contains([]string{"Rand", "Source", "Source64", "Zipf", "PCG", "ChaCha8"}, s.Sel.Name)
		return !isType && !slices.Contains(seededNames, s.Sel.Name)
	}
	return slices.Contains(impureNames[p], s.Sel.Name)
}
