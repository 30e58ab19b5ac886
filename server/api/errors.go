package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bellwether-ts/bellwether/tsdb"
)

// Errors of the rooms become gRPC codes here and nowhere else.

// asStatus maps an error of a room to a status; code is what it is when the
// error does not say better.
func asStatus(code codes.Code, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	var q *tsdb.QueryError
	switch {
	case errors.As(err, &q):
		code = queryCode(q.Kind)
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	}
	return status.Error(code, err.Error())
}

func queryCode(k tsdb.ErrorKind) codes.Code {
	switch k {
	case tsdb.BadData:
		return codes.InvalidArgument
	case tsdb.Execution:
		return codes.ResourceExhausted
	case tsdb.Timeout:
		return codes.DeadlineExceeded
	case tsdb.Canceled:
		return codes.Canceled
	}
	return codes.Internal
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

func notFound(what, id, hint string) error {
	return status.Errorf(codes.NotFound, "cannot find %s %q: %s", what, id, hint)
}

// notYet says honestly what this version does not serve.
func notYet(what, instead string) error {
	return status.Error(codes.Unimplemented, fmt.Sprintf("%s is not served by this version; %s", what, instead))
}
