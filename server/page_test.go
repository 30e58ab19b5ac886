package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
	"github.com/bellwether-ts/bellwether/sim"
)

// program finds a program that a test needs, or skips the test; where
// BELLWETHER_REQUIRE_SERVERS is 1, as in CI, it fails instead.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	say := fmt.Sprintf("%s is not installed; it is in the Debian package %s (apt-get install %s)", name, pkg, pkg)
	if os.Getenv("BELLWETHER_REQUIRE_SERVERS") == "1" {
		t.Fatal(say)
	}
	t.Skip(say)
	return ""
}

// shortStory is the demo's incident after less history, so that a test does not
// simulate a week.
func shortStory(history time.Duration) sim.Scenario {
	s := sim.BadCanary()
	cut := s.History - history.Milliseconds()
	s.History -= cut
	shift := func(at *int64) { *at -= cut }
	var deploys []sim.DeployLine
	for _, d := range s.Deploys {
		if shift(&d.At); d.At > 0 {
			deploys = append(deploys, d)
		}
	}
	var surges []sim.Surge
	for _, x := range s.Surges {
		if shift(&x.At); x.At > 0 {
			surges = append(surges, x)
		}
	}
	s.Deploys, s.Surges = deploys, surges
	for i := range s.Canaries {
		shift(&s.Canaries[i].At)
	}
	for i := range s.Pools {
		shift(&s.Pools[i].At)
	}
	return s
}

// launchDemo starts the demo and returns when its story is told.
func launchDemo(t *testing.T, o DemoOptions) (*server, Story) {
	t.Helper()
	s := &server{log: &logText{}}
	var story Story
	o.WebAddress, o.GRPCAddress, o.Log = "127.0.0.1:0", "127.0.0.1:0", s.log
	o.Story = func(told Story) { story = told }
	s.run(t, &o.Options, func(ctx context.Context) error { return Demo(ctx, o) })
	s.conn = dial(t, s.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return s, story
}

// The page in a real browser: the four answers, the group, the suppression
// form; nothing in the console, nothing from elsewhere.
func TestPageInChromium(t *testing.T) {
	path := program(t, "chromium", "chromium")
	t.Parallel()
	s, _ := launchDemo(t, DemoOptions{Seed: 1, Scenario: shortStory(24 * time.Hour)})
	b := open(t, path, s.URL(), 1280)
	for what, script := range map[string]string{
		"the sentence on top":           `document.querySelector("#ribbon").textContent.includes("failed")`,
		"a chart that is drawn":         `document.querySelector("#anomaly .chart canvas").width > 300`,
		"the votes":                     `document.querySelectorAll("#anomaly .votes tr").length >= 2`,
		"what moved with it":            `document.querySelectorAll("#moved .matches tbody tr").length >= 1`,
		"sparks of what moved":          `document.querySelectorAll("#moved .spark polyline").length >= 1`,
		"suspects":                      `document.querySelectorAll("#moved .suspects li").length >= 1`,
		"the canary's verdict":          `document.querySelector("#canary .lead").textContent.includes("FAIL")`,
		"both sides of a canary metric": `document.querySelectorAll("#canary .spark .behind").length >= 1`,
		"a burning objective":           `document.querySelector("#slo .lead").textContent.toLowerCase().includes("burn")`,
		"the group":                     `document.querySelector("#group .lead").textContent.toLowerCase().includes("unhealthy")`,
		"the members of the group":      `document.querySelectorAll("#group .members tr").length >= 5`,
		"why":                           `document.querySelectorAll("details.why pre").length >= 4`,
		"the open stream":               `document.querySelector("header.top").textContent.includes("live")`,
	} {
		b.wait(t, what, script)
	}
	b.picture(t, "page.png")
	suppressOnPage(t, s, b)
	for _, view := range []string{"group/" + s.groups(t)[0].Id, "slo/none-such"} {
		b.visit(t, s.URL()+"/"+view)
		b.wait(t, "the view "+view, `document.querySelector("main").textContent.length > 20`)
	}
	b.clean(t, s.URL(), "slo/none-such")

	narrow := open(t, path, s.URL(), 360)
	narrow.wait(t, "the page on a telephone", `document.querySelectorAll("#moved .matches tbody tr").length >= 1 && document.querySelector("#canary .metrics") !== null`)
	if width := value[int](t, narrow, `document.documentElement.scrollWidth`); width > 360 {
		wide := value[[]string](t, narrow, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 361 && !e.closest("pre")).slice(0, 12).map(e => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right))`)
		t.Errorf("the page is %d px wide on a screen of 360; too wide: %q", width, wide)
	}
	narrow.picture(t, "page-360.png")
	narrow.clean(t, s.URL())
}

// suppressOnPage fills the form as a person would and looks in the API.
func suppressOnPage(t *testing.T, s *server, b *browser) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS("#suppress")))
	b.wait(t, "a preview", `document.querySelector("#suppress-form .preview") !== null`)
	value[bool](t, b, `(document.querySelector("#suppress-form [name=target]").select(), true)`)
	b.do(t, chromedp.SendKeys(chromedp.CSS(`#suppress-form [name=target]`), `service="checkout"`),
		chromedp.SendKeys(chromedp.CSS(`#suppress-form [name=why]`), "rolling back"))
	b.wait(t, "a preview of checkout", `document.querySelector("#suppress-form .preview")?.textContent.includes("of checkout")`)
	b.picture(t, "page-suppress.png")
	b.do(t, chromedp.Click(chromedp.CSS(`#suppress-form [type=submit]`)))
	b.wait(t, "the suppression on the page", `document.querySelector("#suppressed")?.textContent.includes("rolling back")`)
	r, err := s.alerts().ListSuppressions(timed(t), &pb.ListSuppressionsRequest{})
	if err != nil || len(r.Suppressions) != 1 || r.Suppressions[0].Targets[0] != `service="checkout"` || r.Suppressions[0].Description != "rolling back" {
		t.Errorf("suppressions after the form: %v, %v", r, err)
	}
}

// browser is a tab that remembers what went wrong in it.
type browser struct {
	ctx      context.Context
	mu       sync.Mutex
	requests []string
	faults   []string
}

func open(t *testing.T, program, address string, width int) *browser {
	t.Helper()
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.WindowSize(width, 900), chromedp.Flag("hide-scrollbars", true),
	}
	for _, f := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "no-default-browser-check"} {
		opts = append(opts, chromedp.Flag(f, true))
	}
	limited, cancelLimit := context.WithTimeout(context.Background(), 2*time.Minute)
	alloc, cancelAlloc := chromedp.NewExecAllocator(limited, opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); cancelAlloc(); cancelLimit() })
	b := &browser{ctx: ctx}
	b.do(t, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, errNet := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		_, errRun := cdp.Call(ctx, tab, runtime.Enable, cdp.Empty{})
		return errors.Join(errNet, errRun)
	}), chromedp.EmulateViewport(int64(width), 900))
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.visit(t, address)
	return b
}

// hear takes what the browser tells of requests, errors and exceptions.
func (b *browser) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			b.faults = append(b.faults, fmt.Sprintf("%d %s", e.Response.Status, e.Response.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			var args []string
			for _, a := range e.Args {
				args = append(args, fmt.Sprint(a.Value)+a.Description)
			}
			b.faults = append(b.faults, "console: "+strings.Join(args, " "))
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprintf("exception: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	}
}

// clean checks that nothing went wrong and nothing came from elsewhere; faults
// of expected addresses are what the test asked for.
func (b *browser) clean(t *testing.T, origin string, expected ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
next:
	for _, f := range b.faults {
		for _, e := range expected {
			if strings.Contains(f, e[strings.LastIndex(e, "/"):]) {
				continue next
			}
		}
		t.Error(f)
	}
	for _, r := range b.requests {
		u, err := url.Parse(r)
		if err != nil || u.Scheme != "data" && u.Scheme+"://"+u.Host != origin {
			t.Errorf("a request to elsewhere: %s", r)
		}
	}
	if len(b.requests) < 8 {
		t.Errorf("only %d requests were seen: %q", len(b.requests), b.requests)
	}
}

// value asks the page for the value of a script.
func value[T any](t *testing.T, b *browser, script string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return v
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		t.Fatalf("browser: %v", err)
	}
}

func (b *browser) visit(t *testing.T, address string) {
	t.Helper()
	b.do(t, chromedp.Navigate(address))
}

// wait until a script says true.
func (b *browser) wait(t *testing.T, what, script string) {
	t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](`(() => { try { return `+script+` } catch { return false } })()`,
		chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience)))
	if err != nil {
		b.picture(t, "page-fault.png")
		text := value[string](t, b, `document.body.innerText`)
		t.Fatalf("the page does not show %s: %v; faults %q; it reads:\n%.3000s", what, err, b.faults, text)
	}
}

// picture writes a screenshot of the whole page into build/.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	if err := os.MkdirAll("../build", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../build", name), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The page stays small: what a browser fetches, compressed.
func TestPageIsSmall(t *testing.T) {
	for name, limit := range map[string]int{"app.js": 60 << 10, "app.css": 12 << 10} {
		data, err := os.ReadFile("../web/dist/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d compressed", name, len(data), b.Len())
		if b.Len() > limit {
			t.Errorf("%s is %d bytes compressed, at most %d are allowed", name, b.Len(), limit)
		}
	}
}
