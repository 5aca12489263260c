package backend

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Broken reports whether a call ended because its replica could not be reached, as opposed
// to because the replica said so: what our service says has an ErrorInfo.
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
