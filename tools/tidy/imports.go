package tidy

import (
	"fmt"
	"slices"
	"strings"
)

// Law is who may import whom.
type Law struct {
	Module   string // Our module path.
	Rooms    []Room
	Reserved []Reserved
}

// Room is a folder with its subfolders, except those that are rooms of their
// own. A room may always import itself and the standard library.
type Room struct {
	Path  string   // Below the module; "." is the root folder alone.
	Layer int      // 0 nouns, 1 pure, 2 doors, 3 faces, 4 command; tools and tests of the whole: 5.
	Own   []string // Rooms it may import; "a/..." means a and all rooms below it.
	Third []string // Third-party paths it may import, with what is below them; Any for all.
	Pure  bool     // No clock, I/O, goroutine, log or chance (CheckPurity).
	Tests []string // Further own rooms its tests may import.
	Why   string   // Why it may import just that.
}

// Any in Room.Third allows every third-party module.
const Any = "*"

// Reserved is a third-party path that only some rooms may import.
type Reserved struct {
	Path string   // With what is below it.
	By   []string // Rooms, as in Room.Own.
	Why  string
}

// room finds the room a package belongs to: the longest path that holds it.
func (l Law) room(pkg string) (Room, bool) {
	var best Room
	found := false
	for _, r := range l.Rooms {
		if within(r.Path, pkg) && (!found || len(r.Path) > len(best.Path)) {
			best, found = r, true
		}
	}
	return best, found
}

// within reports whether pkg is folder or lies below it. The root folder holds
// only itself: everything else must have a room.
func within(folder, pkg string) bool {
	return pkg == folder || folder != "." && strings.HasPrefix(pkg, folder+"/")
}

// allows reports whether a list as in Room.Own holds the room of that path.
func allows(list []string, room string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		if folder, ok := strings.CutSuffix(entry, "/..."); ok {
			return within(folder, room)
		}
		return entry == room
	})
}

// CheckImports returns every import that the law does not allow, and every
// package the law does not know.
func (l Law) CheckImports(packages []Package) []Offence {
	var offences []Offence
	for _, p := range packages {
		r, ok := l.room(p.Path)
		if !ok {
			offences = append(offences, Offence{
				Where: p.Path, What: "a package in no room",
				Rule: "every package belongs to a room of the import law (tidy_test.go)",
				Why:  "a new top-level folder changes the map every newcomer reads; it needs a row there and a reason",
			})
			continue
		}
		for _, f := range p.Files {
			for path, spec := range f.imports() {
				if what, rule, why := l.judge(r, path, f.Test); what != "" {
					offences = append(offences, Offence{Where: f.at(spec), What: what, Rule: rule, Why: why})
				}
			}
		}
	}
	return sorted(offences)
}

// judge returns what is wrong with room r importing path, or "".
func (l Law) judge(r Room, path string, test bool) (what, rule, why string) {
	if own := below(l.Module, path); own != path {
		return l.judgeOwn(r, own, test)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return "", "", "" // The standard library; CheckPurity has its say on it.
	}
	for _, res := range l.Reserved {
		// Tests above the pure rooms may use what they need to check us with.
		if within(res.Path, path) && !allows(res.By, r.Path) && !(test && r.Layer > 1) {
			return fmt.Sprintf("%s imports %s", r.Path, path),
				fmt.Sprintf("%s is for %s only", res.Path, strings.Join(res.By, ", ")), res.Why
		}
	}
	if test || slices.Contains(r.Third, Any) ||
		slices.ContainsFunc(r.Third, func(allowed string) bool { return within(allowed, path) }) {
		return "", "", ""
	}
	return fmt.Sprintf("%s imports %s", r.Path, path),
		fmt.Sprintf("of third parties %s may import: %s", r.Path, orNone(r.Third)), r.Why
}

// judgeOwn judges the import of a package of this module.
func (l Law) judgeOwn(r Room, own string, test bool) (what, rule, why string) {
	target, ok := l.room(own)
	switch {
	case !ok:
		return "", "", "" // That package is an offence itself.
	case target.Path == r.Path, allows(r.Own, target.Path), test && allows(r.Tests, target.Path):
		return "", "", ""
	}
	if own == "." {
		own = "the root package"
	}
	return fmt.Sprintf("%s imports %s", r.Path, own),
		fmt.Sprintf("of our own rooms %s (layer %d) may import: %s", r.Path, r.Layer, orNone(r.Own)), r.Why
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
