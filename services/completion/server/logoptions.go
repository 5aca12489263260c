package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/pawstream/pawstream/internal/natsconn"
)

// LogOptions are the settings of the log.
type LogOptions struct {
	Log             string          `default:"jetstream" enum:"jetstream,memory" help:"Where to store completions: in NATS JetStream (jetstream), or in memory, where they are lost when the process ends (memory)." group:"log"`
	LogRetention    time.Duration   `default:"1h" help:"How long a completion is kept. One without 'store' is deleted earlier: see --resume-retention." group:"log"`
	ResumeRetention time.Duration   `default:"15m" help:"How long a completion without 'store' is kept after it ends, so that clients can resume it; at most --log-retention. 0: as long as --log-retention." group:"log"`
	LogMaxBytes     int64           `default:"0" help:"Maximum total size of all completions, in bytes. 0: 4 GiB in files, or 512 MiB in memory." group:"log"`
	LogShare        int             `default:"50" help:"Percentage of --log-max-bytes that the completions of one caller may use. The last tenth is reserved for callers who use less than a hundredth. 100: no limit. The limit does not apply to anonymous callers, or with --log=memory." group:"log"`
	LogSync         bool            `help:"Sync every record to disk before readers see it, so that it survives a power failure and not only a crash of the process." group:"log"`
	LogWitness      string          `help:"File in which this process notes the last record that it knows to be stored. With it, a restarted process detects that the log was restored from an older backup, and ends the unfinished completions. Keep the file out of backups of the log." placeholder:"FILE" group:"log"`
	MaxAnswer       int             `name:"max-answer-bytes" env:"PAWSTREAM_MAX_ANSWER_BYTES" default:"8388608" help:"Maximum size of one answer in the log, in bytes; at most 32 MiB. A longer answer ends with the error answer_too_long." group:"log"`
	DataDir         string          `default:"./data" help:"Directory for the data of the embedded NATS JetStream server. Only one process at a time may use it." group:"log"`
	NATS            natsconn.Server `embed:"" prefix:"nats-" set:"nats_use=to use instead of the embedded one. Separate several with commas." group:"log"`
	NatsReplicas    int             `default:"1" help:"Number of servers in the NATS cluster that store a copy of each completion." group:"log"`
}

// check returns an error for settings that cannot work. The error names the flag.
func (o *LogOptions) check() error {
	switch {
	case o.LogRetention < 100*time.Millisecond:
		return errors.New("--log-retention must be at least 100ms")
	case o.ResumeRetention < 0 || o.ResumeRetention > 0 && o.ResumeRetention < time.Second:
		return errors.New("--resume-retention must be 0 (as long as --log-retention) or at least 1s")
	case o.LogMaxBytes < 0:
		return errors.New("--log-max-bytes must not be negative")
	case o.LogShare < 0 || o.LogShare > 100:
		return errors.New("--log-share must be 0 to 100 percent")
	case o.MaxAnswer < 0 || o.MaxAnswer > mostAnswer:
		return fmt.Errorf("--max-answer-bytes must be 0 (the default) to %d", mostAnswer)
	case o.NatsReplicas < 1 || o.NatsReplicas > 5:
		return errors.New("--nats-replicas must be 1 to 5")
	}
	return o.NATS.Check()
}

// mostAnswer bounds --max-answer-bytes: callers could not receive a larger answer as one message.
const mostAnswer = 32 << 20
