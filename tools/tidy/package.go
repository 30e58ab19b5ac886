package tidy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Package is one Go package of the module, parsed.
type Package struct {
	Path  string // Import path below the module, "." for the root.
	Files []File
}

// File is one Go file of a package. Build tags are not applied: the law holds
// on every platform.
type File struct {
	Name      string // Path from the module root, for messages.
	Test      bool   // Its name ends in _test.go.
	Generated bool   // It carries the standard "Code generated" line; then only the imports of AST are read.
	AST       *ast.File

	fset *token.FileSet
}

// ParseFile reads one Go file from memory. name is its path from the module
// root.
func ParseFile(name string, src []byte) (File, error) {
	f := File{Name: name, Test: strings.HasSuffix(name, "_test.go"), fset: token.NewFileSet()}
	mode := parser.ParseComments
	head := src[:min(len(src), 4096)]
	if bytes.Contains(head, []byte("// Code generated ")) {
		// A generated file is long and only its imports matter.
		if only, err := parser.ParseFile(f.fset, name, src, parser.ImportsOnly|parser.ParseComments); err == nil && ast.IsGenerated(only) {
			f.Generated, f.AST = true, only
			return f, nil
		}
	}
	var err error
	f.AST, err = parser.ParseFile(f.fset, name, src, mode)
	if err != nil {
		return f, fmt.Errorf("cannot parse %s: %w", name, err)
	}
	return f, nil
}

// at is file:line of a node, for messages.
func (f File) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.Name, f.fset.Position(n.Pos()).Line)
}

// imports lists what the file imports, as path and node.
func (f File) imports() map[string]*ast.ImportSpec {
	m := map[string]*ast.ImportSpec{}
	for _, s := range f.AST.Imports {
		if p, err := strconv.Unquote(s.Path.Value); err == nil {
			m[p] = s
		}
	}
	return m
}

// Load lists the packages of the module in dir with `go list` and parses their
// files. A file that does not parse is an error: the compiler would say the
// same. Files named in skip, as paths from the module root, are left out.
func Load(dir string, skip ...string) ([]Package, error) {
	if err := touch(dir); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Module,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list packages: %w\n%s", err, stderr.String())
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var l listed
		if err := dec.Decode(&l); err != nil {
			return nil, fmt.Errorf("cannot read the output of go list: %w", err)
		}
		p, err := l.parse(skip)
		if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// touch opens every folder, so that go test knows its cached result is stale
// when a file appears: what a child process such as go list reads, it does not
// see.
func touch(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // Gone while we walked.
		}
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "build") {
			return fs.SkipDir
		}
		return err
	})
}

// listed is what we ask `go list` about a package.
type listed struct {
	ImportPath, Dir                                              string
	Module                                                       struct{ Path string }
	GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
}

func (l listed) parse(skip []string) (Package, error) {
	p := Package{Path: below(l.Module.Path, l.ImportPath)}
	for _, names := range [][]string{l.GoFiles, l.CgoFiles, l.IgnoredGoFiles, l.TestGoFiles, l.XTestGoFiles} {
		for _, name := range names {
			if slices.Contains(skip, path.Join(p.Path, name)) {
				continue
			}
			src, err := os.ReadFile(filepath.Join(l.Dir, name))
			if err != nil {
				return p, err
			}
			f, err := ParseFile(path.Join(p.Path, name), src)
			if err != nil {
				return p, err
			}
			p.Files = append(p.Files, f)
		}
	}
	return p, nil
}

// below turns an import path into a path below the module, "." for its root.
func below(module, importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}
