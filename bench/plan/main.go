// Command plan computes the resources to serve a number of streams: machines, NATS servers, disks and money. It
// uses the published figures of bench, or those of the user's own machine. Then it simulates one stack of the
// plan that loses an edge and a completion service, and prints the load of the others.
//
// docs/plan.md explains the figures, and compares predictions with measurements.
package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
)

// flags are the demand, the machines and their prices.
type flags struct {
	Streams   float64       `default:"1000" help:"Number of streams at the busiest time."`
	Rate      float64       `default:"20" help:"Tokens per second of each stream."`
	Tokens    float64       `default:"300" help:"Average number of tokens in an answer."`
	Retention time.Duration `default:"1h" help:"How long the log keeps an answer (--log-retention, or --resume-retention and the length of an answer)."`
	Replicas  int           `default:"3" enum:"1,3,5" help:"Number of copies of the log, each on its own NATS server: ${enum}."`
	Records   float64       `default:"34000" help:"Records per second that one log is given. The default is 70 % of what one took on two cores (docs/log.md)."`
	Cores     float64       `default:"2" help:"Number of cores of a machine."`
	Memory    float64       `default:"8" help:"Memory of a machine, in GiB."`
	Hour      float64       `default:"0.10" help:"Price of a machine per hour. The default is a guess."`
	Disk      float64       `default:"0.10" help:"Price of a GB of disk per month. The default is a guess."`
	Results   string        `help:"results.json of a bench run on your own machine, whose costs are used instead of those in docs/performance.md." type:"existingfile"`
	Seed      uint64        `default:"1" help:"Seed of the simulation."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("plan"), kong.Description("Tells what it takes to serve so many streams."))
	if err := run(&f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "plan:", err)
		os.Exit(1)
	}
}

func run(f *flags, stdout io.Writer) error {
	for name, value := range map[string]float64{
		"streams": f.Streams, "rate": f.Rate, "tokens": f.Tokens, "retention": f.Retention.Seconds(), "records": f.Records, "cores": f.Cores, "memory": f.Memory,
	} {
		if value <= 0 {
			return fmt.Errorf("--%s must be more than 0", name)
		}
	}
	figures := Measured()
	if f.Results != "" {
		file, err := os.Open(f.Results)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		if err := figures.read(file); err != nil {
			return err
		}
	}
	d := &Demand{f.Streams, f.Rate, f.Tokens, f.Retention.Seconds(), f.Replicas, f.Records}
	m := &Machine{f.Cores, f.Memory, f.Hour, f.Disk}
	if stored := min(d.Records, d.Streams*d.Rate); figures.Completion.Cores(stored)*natsShare > busiest*m.Cores {
		return fmt.Errorf("a NATS server with %g cores cannot store %.0f records a second: give it more --cores, or a log fewer --records", m.Cores, stored)
	}
	if f.Memory*fullest <= own {
		return fmt.Errorf("a process takes %g GiB before it serves anybody, which is more than --memory %g has room for", own, f.Memory)
	}
	p := makePlan(&figures, d, m)
	peak := simulate(&figures, d, m, p, rand.New(rand.NewPCG(f.Seed, 0))) //nolint:gosec // not a secret
	return write(stdout, d, p, &peak)
}

// write prints a plan as a table.
func write(to io.Writer, d *Demand, p *Plan, peak *Peak) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	percent := func(part float64) string { return fmt.Sprintf("%.0f %%", 100*part) }
	fmt.Fprintf(w, "%.0f streams at %g tokens/s: %.0f events/s, %.1f Mbit/s to clients\n\n", d.Streams, d.Rate, d.Streams*d.Rate, p.Sends/1e6)
	fmt.Fprintf(w, "stacks, each with a log of its own\t%d\n", p.Stacks)
	fmt.Fprintf(w, "of each stack\thow many\tof its cores\t… one away\tmemory\tdisk\n")
	fmt.Fprintf(w, "  edges\t%d\t%s\t%s\t%.1f GiB\t\n", p.Edges, percent(p.EdgeLoad), percent(peak.Edge), p.EdgeGiB)
	fmt.Fprintf(w, "  completion services\t%d\t%s\t%s\t%.1f GiB\t\n", p.Completions, percent(p.Load), percent(peak.Completion), p.GiB)
	fmt.Fprintf(w, "  NATS servers\t%d\t%s\t%s\t\t%.1f GB\n", p.NATS, percent(p.Store), percent(peak.Store), p.DiskGB)
	fmt.Fprintf(w, "in all\t%d machines for %.1f busy cores, %.0f GB of disk, %.0f a month\n", p.Machines, p.Cores, float64(p.Stacks*p.NATS)*p.DiskGB, p.Money)
	fmt.Fprintf(w, "simulated\t%d answers of one stack: %d streams at once, %.0f records/s at most\n", peak.Answers, peak.Streams, peak.Records)
	return w.Flush()
}
