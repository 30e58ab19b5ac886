package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protojson"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// REST is grpc-gateway over the same services. The gateway's in-process form
// cannot stream, so it dials a gRPC server of our own through memory; whoever
// reaches it has passed the HTTP server's authentication.

// Gateway serves REST for every service. Close frees it.
type Gateway struct {
	http.Handler
	server *grpc.Server
	conn   *grpc.ClientConn
}

// NewGateway builds the handler. maxMessage bounds one message and one body in
// bytes; more are the options of its gRPC server, such as recovery from a
// panic, which net/http cannot give to a handler on the server's goroutine.
func NewGateway(ctx context.Context, o Options, maxMessage int, more ...grpc.ServerOption) (*Gateway, error) {
	lis := bufconn.Listen(1 << 20)
	more = append(more, grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxAnswer))
	g := &Gateway{server: grpc.NewServer(more...)}
	Register(g.server, o)
	go func() { _ = g.server.Serve(lis) }() // Ends with Close, which is not an error.
	var err error
	g.conn, err = grpc.NewClient("passthrough:memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, fmt.Errorf("cannot connect the REST gateway: %w", err)
	}
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.HTTPBodyMarshaler{Marshaler: &jsonBodies{jsonMarshaler()}}),
		runtime.WithMarshalerOption("text/event-stream", &eventStream{jsonMarshaler()}),
		runtime.WithForwardResponseOption(documentHeaders),
	)
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		pb.RegisterIngestServiceHandler, pb.RegisterQueryServiceHandler, pb.RegisterDetectServiceHandler,
		pb.RegisterCorrelateServiceHandler, pb.RegisterCanaryServiceHandler, pb.RegisterSLOServiceHandler,
		pb.RegisterAlertServiceHandler, pb.RegisterBacktestServiceHandler,
	} {
		if err := register(ctx, mux, g.conn); err != nil {
			return nil, fmt.Errorf("cannot register the REST gateway: %w", err)
		}
	}
	g.Handler = http.MaxBytesHandler(resume(mux), int64(maxMessage))
	return g, nil
}

// Close ends every stream and frees the connection.
func (g *Gateway) Close() {
	_ = g.conn.Close() // In memory: nothing to flush.
	g.server.Stop()
}

// maxAnswer bounds one answer in bytes.
const maxAnswer = 256 << 20

func jsonMarshaler() *runtime.JSONPb {
	return &runtime.JSONPb{
		MarshalOptions:   protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true},
		UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: false},
	}
}

// jsonBodies says more than the decoder does when a body cannot be read.
type jsonBodies struct{ *runtime.JSONPb }

// NewDecoder reads one message.
func (j *jsonBodies) NewDecoder(r io.Reader) runtime.Decoder {
	dec := j.JSONPb.NewDecoder(r)
	return runtime.DecoderFunc(func(v any) error {
		err := dec.Decode(v)
		var large *http.MaxBytesError
		switch {
		case err == nil || errors.Is(err, io.EOF):
			return err // No body at all is an empty message.
		case errors.As(err, &large):
			return fmt.Errorf("cannot read the body: it is longer than %d bytes; send several smaller ones, or raise limits.max_body_bytes", large.Limit)
		}
		return fmt.Errorf("cannot read the body: %w; its fields are described in /openapi.json", err)
	})
}

// eventStream writes a stream as server-sent events: browsers' EventSource
// refuses anything else (grpc-gateway issue 26).
type eventStream struct{ *runtime.JSONPb }

// ContentType of a stream and of the error that may come instead.
func (e *eventStream) ContentType(any) string { return "text/event-stream" }

// StreamContentType is the same for streams.
func (e *eventStream) StreamContentType(any) string { return "text/event-stream" }

// Delimiter ends an event.
func (e *eventStream) Delimiter() []byte { return []byte("\n\n") }

// Marshal writes one event. A message with a resume token gets it as its id,
// which the browser sends back as Last-Event-ID when it reconnects.
func (e *eventStream) Marshal(v any) ([]byte, error) {
	var id string
	if chunk, ok := v.(map[string]any); ok {
		if w, ok := chunk["result"].(*pb.WatchResponse); ok {
			id = w.ResumeToken
		}
		if r, ok := chunk["result"]; ok {
			v = r // The event's data is the message itself.
		}
	}
	data, err := e.JSONPb.Marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	b.WriteString("data: ")
	b.Write(data)
	return b.Bytes(), nil
}

// resume turns a browser's Last-Event-ID into the resume token of the stream.
func resume(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("Last-Event-ID"); id != "" && r.URL.Path == "/v1/watch" {
			q := r.URL.Query()
			q.Set("resume_token", id)
			r.URL.RawQuery = q.Encode()
		}
		next.ServeHTTP(w, r)
	})
}
