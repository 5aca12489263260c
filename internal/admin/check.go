package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// maxReason bounds what is read of an answer, in bytes.
const maxReason = 1 << 10

// Check asks the process with that admin address whether it is ready for work: nil, or why not. It accepts the
// address as it was given to [Listen]: for one without a host, or for all interfaces, it uses loopback. It uses
// no proxies.
func Check(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("admin address: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(reachable(host), port)+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("admin address: %w", err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	reason, err := io.ReadAll(io.LimitReader(resp.Body, maxReason))
	if text := strings.TrimSpace(string(reason)); err == nil && text != "" {
		return errors.New("not ready: " + text)
	}
	return errors.New("not ready: " + resp.Status)
}

// reachable returns where to ask a process that listens on a host.
func reachable(host string) string {
	if host == "" {
		return "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil || !ip.IsUnspecified():
		return host
	case ip.Is6():
		return "::1"
	}
	return "127.0.0.1"
}
