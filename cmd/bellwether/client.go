package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// maxAnswer bounds one answer of a server.
const maxAnswer = 256 << 20

// serverVariable names the server where --server does not.
const serverVariable = "BELLWETHER_SERVER"

// client says which server to ask, and how to be let in.
type client struct {
	server       string
	tls          bool
	caFile       string
	username     string
	passwordFile string
}

// clientFlags adds the flags of a command that asks a server.
func clientFlags(cmd *cobra.Command) *client {
	c := &client{}
	cmd.Flags().StringVar(&c.server, "server", cmp.Or(os.Getenv(serverVariable), "127.0.0.1:9481"), "gRPC address of the server to ask (environment: "+serverVariable+")")
	cmd.Flags().BoolVar(&c.tls, "tls", false, "the server speaks TLS")
	cmd.Flags().StringVar(&c.caFile, "tls.ca-file", "", "trust this CA instead of the system's (implies --tls)")
	cmd.Flags().StringVar(&c.username, "username", "", "basic auth user")
	cmd.Flags().StringVar(&c.passwordFile, "password-file", "", "file that holds the basic auth password")
	return c
}

// dial connects; nothing is sent before the first call.
func (c *client) dial() (*grpc.ClientConn, error) {
	opts := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer))}
	creds := insecure.NewCredentials()
	secure := c.tls || c.caFile != ""
	if secure {
		conf := &tls.Config{MinVersion: tls.VersionTLS12}
		if c.caFile != "" {
			pem, err := os.ReadFile(c.caFile)
			if err != nil {
				return nil, fmt.Errorf("cannot read --tls.ca-file: %w", err)
			}
			conf.RootCAs = x509.NewCertPool()
			if !conf.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("cannot use --tls.ca-file %s: it holds no PEM certificate", c.caFile)
			}
		}
		creds = credentials.NewTLS(conf)
	}
	opts = append(opts, grpc.WithTransportCredentials(creds))
	if c.username != "" {
		auth := basicAuth{secure: secure}
		password := []byte{}
		if c.passwordFile != "" {
			var err error
			if password, err = os.ReadFile(c.passwordFile); err != nil {
				return nil, fmt.Errorf("cannot read --password-file: %w", err)
			}
		}
		auth.header = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.username+":"+strings.TrimRight(string(password), "\r\n")))
		opts = append(opts, grpc.WithPerRPCCredentials(auth))
	}
	conn, err := grpc.NewClient(strings.TrimPrefix(strings.TrimPrefix(c.server, "http://"), "https://"), opts...)
	if err != nil {
		return nil, fmt.Errorf("cannot use --server %s: %w", c.server, err)
	}
	return conn, nil
}

// basicAuth sends the same header with every call.
type basicAuth struct {
	header string
	secure bool
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (a basicAuth) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": a.header}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials: a
// password may cross an unencrypted connection only where the user asked for
// one.
func (a basicAuth) RequireTransportSecurity() bool { return a.secure }

// ask connects, makes one call and closes.
func ask[T any](cmd *cobra.Command, c *client, call func(ctx context.Context, conn *grpc.ClientConn) (T, error)) (T, error) {
	var zero T
	conn, err := c.dial()
	if err != nil {
		return zero, err
	}
	defer conn.Close()
	out, err := call(cmd.Context(), conn)
	if err != nil {
		return zero, c.explain(err)
	}
	return out, nil
}

// plainError is an error of a call that is not the server's and says all itself.
type plainError struct{ error }

// explain puts the server's words first: they say what to do.
func (c *client) explain(err error) error {
	var plain plainError
	if errors.As(err, &plain) {
		return plain.error
	}
	s := status.Convert(err)
	if s.Code() == codes.Unavailable {
		_, cause, found := strings.Cut(s.Message(), "Error while dialing: ")
		if cause = strings.Trim(cause, `"`); !found {
			cause = s.Message()
		}
		return fmt.Errorf("cannot reach the server at %s: %s; is it running? 'bellwether serve' starts one, --server names another", c.server, cause)
	}
	return fmt.Errorf("%s (%s, from %s)", s.Message(), s.Code(), c.server)
}

// printJSON writes an answer as the REST API would, with its fields in their
// order.
func printJSON(cmd *cobra.Command, m proto.Message) error {
	b, err := encode(m, true)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", b)
	return err
}

// printLine writes a message of a stream as one line of JSON.
func printLine(cmd *cobra.Command, m proto.Message) error {
	b, err := encode(m, false)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", b)
	return err
}

// encode writes the message as JSON with stable white space, which protojson
// alone varies on purpose.
func encode(m proto.Message, indent bool) ([]byte, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	var b bytes.Buffer
	if err == nil {
		err = json.Compact(&b, raw)
	}
	if err == nil && indent {
		raw = bytes.Clone(b.Bytes())
		b.Reset()
		err = json.Indent(&b, raw, "", "  ")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot print the answer: %w", err)
	}
	return b.Bytes(), nil
}
