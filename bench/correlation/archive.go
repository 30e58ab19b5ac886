package main

// Reading the public sets as they are published: tar.xz archives of CSV, JSON
// and spreadsheets, kept in memory.

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/ulikunitz/xz"
)

// readArchive returns the regular files of a .tar.xz by path.
func readArchive(path string) (map[string][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x, err := xz.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("cannot read archive %s: %w", path, err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(x); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read archive %s: %w", path, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s in %s: %w", h.Name, path, err)
		}
		files[strings.TrimPrefix(h.Name, "./")] = b
	}
}

func readCSV(b []byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	return r.ReadAll()
}

// readSheet returns the cells of one worksheet of a spreadsheet as text.
func readSheet(book []byte, sheet string) ([][]string, error) {
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		return nil, err
	}
	load := func(name string, into any) error {
		f, err := z.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return xml.NewDecoder(f).Decode(into)
	}
	var text struct {
		SI []struct {
			T string `xml:"t"`
		} `xml:"si"`
	}
	_ = load("xl/sharedStrings.xml", &text) // Absent in a book without text.
	var data struct {
		Rows []struct {
			Cells []struct {
				Type string `xml:"t,attr"`
				V    string `xml:"v"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := load("xl/worksheets/"+sheet+".xml", &data); err != nil {
		return nil, fmt.Errorf("cannot read sheet %s: %w", sheet, err)
	}
	var rows [][]string
	for _, r := range data.Rows {
		var row []string
		for _, c := range r.Cells {
			v := c.V
			if c.Type == "s" {
				if i, err := strconv.Atoi(v); err == nil && i < len(text.SI) {
					v = text.SI[i].T
				}
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
