package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/bellwether-ts/bellwether/canary"
	"github.com/bellwether-ts/bellwether/canary/report"
	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/server/pipeline"
)

// The report of a run as a document, for a browser, a pull request or a CI.

func (s *canaryService) GetReport(ctx context.Context, r *pb.GetReportRequest) (*httpbody.HttpBody, error) {
	run, ok := s.p.Canaries.Full(ctx, r.Id)
	if !ok {
		return nil, noSuchRun(r.Id)
	}
	link, err := reportLink(r.Link, run.ID)
	if err != nil {
		return nil, err
	}
	form := report.Form(r.Format)
	if form == "" {
		form = report.HTML
	}
	document, err := reportOf(run, link).Render(form)
	switch {
	case err != nil && slices.Contains(report.Forms(), form):
		return nil, asStatus(codes.FailedPrecondition, err) // The samples are not there.
	case err != nil:
		return nil, asStatus(codes.InvalidArgument, err)
	}
	return &httpbody.HttpBody{ContentType: form.ContentType(), Data: document}, nil
}

// reportOf gathers what a report is written from.
func reportOf(run pipeline.Run, link string) *report.Report {
	spec := &run.Spec
	out := &report.Report{Verdict: run.Verdict, Meta: report.Meta{
		Name: spec.Name, Run: run.ID, State: string(run.State), From: spec.From(), To: run.Last.At, Link: link,
		Replay:         fmt.Sprintf("bellwether canary report %s -o request.json\nbellwether canary judge request.json", run.ID),
		UndecidedFails: spec.OnUndecided == pipeline.UndecidedFail && run.State == pipeline.RunDone,
	}}
	if spec.Judge != "" && spec.Judge != "native" {
		out.Meta.Replay += " --judge " + spec.Judge
	}
	if run.Request != nil {
		out.Request = *run.Request
	} else {
		out.Meta.Replay = "" // Nothing can be read that could be judged.
	}
	for _, p := range run.Path {
		out.Meta.Looks = append(out.Meta.Looks, report.Stretch(p))
	}
	for i := range spec.Metrics {
		b, c := spec.Queries(i)
		out.Meta.Queries = append(out.Meta.Queries, [2]string{b, c})
	}
	switch {
	case out.Verdict.Verdict == "":
		out.Verdict.Verdict = canary.Inconclusive // As GetVerdict says it.
		out.Meta.Notes = append(out.Meta.Notes, "The run has not looked yet: nothing is judged.")
	case run.Last.Judged != "":
		out.Meta.Notes = append(out.Meta.Notes, fmt.Sprintf("It was judged %s; the run asked for an undecided end to be told as %s.", run.Last.Judged, run.Last.Verdict))
	case len(out.Verdict.Metrics) == 0:
		out.Meta.Notes = append(out.Meta.Notes, "The metrics of this verdict are not at hand; the warnings below say why.")
	}
	return out
}

// reportLink is the URL of a run's page on a server that readers find at base.
func reportLink(base, id string) (string, error) {
	if base == "" {
		return "", nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", invalid("cannot link to %q: want the web address of this server as readers reach it, such as https://bellwether.example", base)
	}
	return strings.TrimRight(base, "/") + "/v1/canaries/" + url.PathEscape(id) + "/report", nil
}

// documentHeaders keep a document from doing anything but being read, whatever
// the names in it are.
func documentHeaders(_ context.Context, w http.ResponseWriter, m proto.Message) error {
	if _, ok := m.(*httpbody.HttpBody); ok {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
	}
	return nil
}
