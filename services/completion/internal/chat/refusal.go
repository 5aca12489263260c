package chat

// A Refusal is why the service refuses a valid call. An [Error] that has one concerns the service's operator.
// Empty: the error is not a refusal.
type Refusal string

// The refusals.
const (
	// RefusedRunning: the maximum number of completions is being generated.
	RefusedRunning Refusal = "running"
	// RefusedCallerRunning: the maximum number of this caller's completions is being generated.
	RefusedCallerRunning Refusal = "caller_running"
	// RefusedMemory: requests and answers take up all their memory.
	RefusedMemory Refusal = "memory"
	// RefusedCallerMemory: this caller's requests and answers take up one caller's share of it.
	RefusedCallerMemory Refusal = "caller_memory"
	// RefusedTurns: too many reading calls wait for their turn, or the turn did not come in time.
	RefusedTurns Refusal = "turns"
	// RefusedStreams: the maximum number of streams is open.
	RefusedStreams Refusal = "streams"
	// RefusedCallerStreams: the maximum number of this caller's streams is open.
	RefusedCallerStreams Refusal = "caller_streams"
	// RefusedLog: the log has no room, or cannot store anything now.
	RefusedLog Refusal = "log"
	// RefusedLogShare: this caller's completions take up one caller's share of the log.
	RefusedLogShare Refusal = "log_share"
	// RefusedDraining: the process is draining.
	RefusedDraining Refusal = "draining"
)

// Refusals returns all refusals.
func Refusals() []Refusal {
	return []Refusal{
		RefusedRunning, RefusedCallerRunning, RefusedMemory, RefusedCallerMemory, RefusedTurns, RefusedStreams, RefusedCallerStreams,
		RefusedLog, RefusedLogShare, RefusedDraining,
	}
}
