package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
)

const (
	packageDocRule = "every package has a package comment"
	packageDocWhy  = "the first thing a reader asks of a room is what it is for and what it refuses"
	nameDocRule    = "every exported name has a comment"
	nameDocWhy     = "who embeds a room reads go doc: shapes, units, ranges and errors are not guessable from a signature"
)

// CheckDocs returns packages and exported names without a comment. Test files,
// generated files and packages made only of those are not asked.
func CheckDocs(packages []Package) []Offence {
	var offences []Offence
	for _, p := range packages {
		files, documented := 0, false
		for _, f := range p.Files {
			if f.Test || f.Generated {
				continue
			}
			files++
			documented = documented || f.AST.Doc.Text() != ""
			undocumented(f, func(n ast.Node, what string) {
				offences = append(offences, Offence{Where: f.at(n), What: what + " has no comment", Rule: nameDocRule, Why: nameDocWhy})
			})
		}
		if files > 0 && !documented {
			offences = append(offences, Offence{Where: p.Path, What: "no package comment", Rule: packageDocRule, Why: packageDocWhy})
		}
	}
	return sorted(offences)
}

// undocumented reports the exported names of a file that have no comment.
func undocumented(f File, report func(ast.Node, string)) {
	for _, d := range f.AST.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc.Text() == "" && exportedReceiver(d) {
				report(d, "func "+d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				undocumentedSpec(d, s, report)
			}
		}
	}
}

// undocumentedSpec handles one type, const or var. In a group, the comment of
// the group speaks for constants and variables; a type needs its own.
func undocumentedSpec(d *ast.GenDecl, s ast.Spec, report func(ast.Node, string)) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc.Text() == "" && (d.Lparen.IsValid() || d.Doc.Text() == "") {
			report(s, "type "+s.Name.Name)
		}
	case *ast.ValueSpec:
		if d.Doc.Text() != "" || s.Doc.Text() != "" || s.Comment.Text() != "" {
			return
		}
		kind := "var"
		if d.Tok == token.CONST {
			kind = "const"
		}
		for _, name := range s.Names {
			if name.IsExported() {
				report(s, fmt.Sprintf("%s %s", kind, name.Name))
			}
		}
	}
}

// exportedReceiver reports whether a function is no method, or a method of an
// exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
