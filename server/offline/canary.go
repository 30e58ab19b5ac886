package offline

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/kayenta"
)

// maxRequest bounds a canary request.
const maxRequest = 256 << 20

// kayentaJudge is the judge with a request and an answer of its own.
const kayentaJudge = "kayenta"

// JudgeCanary judges the request read from in and writes the verdict; text or
// json. The exit code is 0 PASS, 10 INCONCLUSIVE, 20 FAIL, 30 NO_DATA; it is 1
// beside an error. With judge kayenta the request is a Kayenta RemoteJudge
// request and the answer its CanaryJudgeResult, always json.
func JudgeCanary(_ context.Context, in Input, o JudgeOptions, out io.Writer) (exit int, err error) {
	judge := cmp.Or(o.Judge, "native")
	if known := append(canary.Judges(), kayentaJudge); !slices.Contains(known, judge) {
		return 1, fmt.Errorf("cannot use --judge %s: want %s", judge, strings.Join(known, ", "))
	}
	if o.Output != "" && o.Output != Text && o.Output != JSON {
		return 1, fmt.Errorf("cannot write %q: want text or json", o.Output)
	}
	if judge != kayentaJudge && (o.KayentaTolerance != 0 || o.KayentaConfidence != 0) {
		return 1, fmt.Errorf("cannot use --kayenta-tolerance or --kayenta-confidence with judge %s: they set constants of --judge kayenta", judge)
	}
	data, err := readRequest(in)
	if err != nil {
		return 1, err
	}
	if judge == kayentaJudge {
		return judgeKayenta(in.Name, data, o, out)
	}
	req, err := canary.ParseRequest(data)
	if err != nil {
		return 1, fmt.Errorf("%s: %w", in.Name, err)
	}
	v, err := canary.JudgeNamed(judge, req)
	if err != nil {
		return 1, err
	}
	n := newNotes(o.Notes)
	w := bufio.NewWriter(out)
	if o.Output == JSON {
		for _, warning := range v.Warnings { // The text has them in its trace.
			n.say("%s", warning)
		}
		err = writeJSON(w, verdictDocument(v))
	} else {
		_, err = w.WriteString(v.Text())
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		return 1, err
	}
	o.document(v, req, in.Name)
	return v.ExitCode(), nil
}

// readRequest reads the whole request, through the same door as other inputs.
func readRequest(in Input) ([]byte, error) {
	r, err := unpack(in)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxRequest+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", in.Name, err)
	}
	if len(data) > maxRequest {
		return nil, fmt.Errorf("cannot read %s: longer than %d MiB; send fewer samples", in.Name, maxRequest>>20)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fmt.Errorf("cannot read %s: it is empty; a canary request is a JSON document", in.Name)
	}
	return data, nil
}

// verdictDocument is the verdict as the package writes it: one form for the
// offline command and whoever embeds the judge.
func verdictDocument(v canary.Verdict) any { return v }

// judgeKayenta passes the request to the Kayenta judge and its answer on,
// field for field. The exit code follows the classification of the score.
func judgeKayenta(name string, data []byte, o JudgeOptions, out io.Writer) (int, error) {
	answer, err := kayenta.Judge(data, kayenta.Options{Tolerance: o.KayentaTolerance, Confidence: o.KayentaConfidence})
	if err != nil {
		return 1, fmt.Errorf("%s: %w", name, err)
	}
	var result struct {
		Score struct {
			Classification string `json:"classification"`
		} `json:"score"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return 1, fmt.Errorf("cannot read the judge's answer to %s: %w", name, err)
	}
	if _, err := out.Write(append(bytes.TrimRight(answer, "\n"), '\n')); err != nil {
		return 1, err
	}
	switch strings.ToLower(result.Score.Classification) {
	case "pass":
		return 0, nil
	case "marginal":
		return 10, nil
	case "fail":
		return 20, nil
	}
	return 30, nil // Nodata, Error and what else a score can be without data.
}
