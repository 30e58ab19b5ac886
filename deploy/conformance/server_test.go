package conformance

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// One server for all tests, on ports and a directory of its own.

var base string // URL of the server.

func TestMain(m *testing.M) {
	stop, err := serve()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

// serve starts the server and gives it its samples.
func serve() (stop func(), err error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, err
	}
	binary, err := binary(dir)
	if err != nil {
		return nil, err
	}
	web, grpc, err := freePorts()
	if err != nil {
		return nil, err
	}
	var log bytes.Buffer
	cmd := exec.Command(binary, "serve", "--storage.path", filepath.Join(dir, "data"), "--web.listen-address", web, "--grpc.listen-address", grpc)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill() // Nothing of it is kept.
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	base = "http://" + web
	if err = waitReady(); err == nil {
		err = writeWorld(time.Now())
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("%w; the server said:\n%s", err, &log)
	}
	return stop, nil
}

// binary is the server to test.
func binary(dir string) (string, error) {
	if b := os.Getenv("BELLWETHER_BINARY"); b != "" {
		return b, nil
	}
	b := filepath.Join(dir, "bellwether")
	build := exec.Command("go", "build", "-o", b, "./cmd/bellwether")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build the server: %w\n%s", err, out)
	}
	return b, nil
}

// freePorts finds two addresses that nobody listens on.
func freePorts() (a, b string, err error) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer first.Close()
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer second.Close()
	return first.Addr().String(), second.Addr().String(), nil
}

// eventually asks until it is so, for at most half a minute.
func eventually(what string, so func() error) error {
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = so(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("waited in vain for %s: %w", what, err)
}

func waitReady() error {
	return eventually("the server", func() error {
		r, err := http.Get(base + "/-/ready")
		if err != nil {
			return err
		}
		r.Body.Close()
		if r.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s", r.Status)
		}
		return nil
	})
}
