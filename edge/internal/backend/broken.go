package backend

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Broken reports whether a call failed because its replica could not be reached. The errors that
// our service itself returns have an ErrorInfo.
func Broken(err error) bool {
	st := status.Convert(err)
	for _, detail := range st.Details() {
		if _, said := detail.(*errdetails.ErrorInfo); said {
			return false
		}
	}
	switch st.Code() {
	case codes.Unavailable, codes.Internal, codes.Unknown, codes.Canceled:
		return true
	default:
		return false
	}
}
