package listen

// Flag is the flag of a program's own address.
const Flag = "--listen"

// Where programs listen, and where others look for them, by default. Each address is for this machine only.
const (
	HTTP            = "127.0.0.1:8080"  // the public API
	GRPC            = "127.0.0.1:50051" // the completion service
	AdminEdge       = "127.0.0.1:9090"
	AdminCompletion = "127.0.0.1:9091"
)
