package chat

// A Refusal is why the service refuses a valid call: an [Error] with one concerns the operator of the service.
// Empty: it is no such error.
type Refusal string

// The refusals.
const (
	// RefusedRunning: as many completions are generated as may be at once.
	RefusedRunning Refusal = "running"
	// RefusedCallerRunning: those of this caller are as many as one caller's may be.
	RefusedCallerRunning Refusal = "caller_running"
	// RefusedMemory: requests and answers take all the memory that there is for them.
	RefusedMemory Refusal = "memory"
	// RefusedCallerMemory: those of this caller take as much of it as one caller's may.
	RefusedCallerMemory Refusal = "caller_memory"
	// RefusedTurns: too many calls that read wait for their turn, or it did not come in time.
	RefusedTurns Refusal = "turns"
	// RefusedLog: the log has no room, or does not store anything now.
	RefusedLog Refusal = "log"
	// RefusedLogShare: this caller's completions take as much of the log as one caller's may.
	RefusedLogShare Refusal = "log_share"
	// RefusedDraining: the process is about to end.
	RefusedDraining Refusal = "draining"
)

// Refusals returns all there are.
func Refusals() []Refusal {
	return []Refusal{
		RefusedRunning, RefusedCallerRunning, RefusedMemory, RefusedCallerMemory, RefusedTurns, RefusedLog, RefusedLogShare, RefusedDraining,
	}
}
