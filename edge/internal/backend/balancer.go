package backend

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/roundrobin"

	"github.com/pawstream/pawstream/edge/internal/hedge"
)

// balancerName is the name of the balancer below in a service config.
const balancerName = "pawstream_hedge"

func init() { balancer.Register(balancers{}) } //nolint:gochecknoinits // gRPC has it so

// balancers builds round_robin with pickers that know which replicas were tried.
type balancers struct{}

// Name implements [balancer.Builder].
func (balancers) Name() string { return balancerName }

// Build implements [balancer.Builder].
func (balancers) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return balancer.Get(roundrobin.Name).Build(&choosing{cc}, opts)
}

// choosing passes a balancer's updates on to its connection, with another picker.
type choosing struct{ balancer.ClientConn }

// UpdateState implements [balancer.ClientConn].
func (c *choosing) UpdateState(state balancer.State) {
	state.Picker = picker{state.Picker}
	c.ClientConn.UpdateState(state)
}

// maxPicks bounds how often a picker looks for an untried replica: there may be none.
const maxPicks = 8

type picker struct{ balancer.Picker }

// Pick implements [balancer.Picker].
func (p picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	tried := hedge.TriedBy(info.Ctx)
	for n := 1; ; n++ {
		result, err := p.Picker.Pick(info)
		if err != nil || tried == nil || tried.Add(result.SubConn) || n == maxPicks {
			return result, err
		}
		if result.Done != nil {
			result.Done(balancer.DoneInfo{})
		}
	}
}
