package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The configuration page of the guide has a row for every field, with the
// default that the code has: `| path | default |` at the start of the line.
func TestEveryFieldIsOnThePage(t *testing.T) {
	const page = "../../docs/guide/configuration.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for path, def := range fields(reflect.ValueOf(Default()), "", false) {
		rows++
		row := fmt.Sprintf("| `%s` | %s |", path, def)
		if def == "" { // Depends on other fields; the page says it in words.
			row = fmt.Sprintf("| `%s` | ", path)
		}
		if !strings.Contains(string(text), row) {
			t.Errorf("%s has no row that begins %q", page, row)
		}
	}
	_, table, _ := strings.Cut(string(text), "| field |")
	for _, line := range strings.Split(table, "\n") {
		if strings.HasPrefix(line, "| `") && strings.Count(line, "|") == 4 {
			rows--
		}
	}
	if rows < 0 {
		t.Errorf("%s has %d rows of fields that do not exist", page, -rows)
	}
}

// fields lists every leaf of the file with its default as the page writes it.
// Inside a list there is no default to look at.
func fields(v reflect.Value, path string, inList bool) map[string]string {
	out := map[string]string{}
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		name, f := strings.TrimPrefix(path+"."+tag, "."), v.Field(i)
		switch d := f.Interface().(type) {
		case Duration:
			out[name] = code(d.String(), inList)
			continue
		}
		switch {
		case tag == "scrape_configs":
			out[name] = "none"
		case f.Kind() == reflect.Struct:
			for k, d := range fields(f, name, inList) {
				out[k] = d
			}
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for k, d := range fields(reflect.Zero(f.Type().Elem()), name+"[]", true) {
				out[k] = d
			}
		case f.Kind() == reflect.Slice && f.Len() > 0:
			out[name] = code(strings.Trim(fmt.Sprint(f.Interface()), "[]"), inList)
		case f.IsZero():
			out[name] = ""
		default:
			out[name] = code(fmt.Sprint(f.Interface()), inList)
		}
	}
	return out
}

func code(s string, inList bool) string {
	if inList {
		return ""
	}
	return "`" + s + "`"
}
