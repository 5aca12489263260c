// Package load opens streams, checks every frame, and measures times. It uses HTTP/1.1 over its own sockets,
// with one goroutine per stream and little else, because it runs on the same machine as the measured programs.
package load

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/internal/sse"
)

// A Target is the source of streams.
type Target struct {
	Addr   string
	Header map[string]string
	// Path is the API's path; empty: that of chat completions. Body is the body of its POST requests.
	Path, Body string
}

func (t *Target) path() string { return cmp.Or(t.Path, "/v1/chat/completions") }

// patience is how long a client waits for the next byte: longer than any heartbeat.
const patience = 40 * time.Second

// readBuffer is small, because there are many.
const readBuffer = 2 << 10

// A conn is a connection for one request after the other.
type conn struct {
	target *Target
	net    net.Conn
	in     *bufio.Reader
	body   io.ReadCloser // of the response in progress
}

// dial connects. receiveBuffer is in bytes; 0: the system's default.
func dial(ctx context.Context, t *Target, receiveBuffer int) (*conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, KeepAlive: -1}
	if receiveBuffer > 0 {
		d.Control = func(_, _ string, raw syscall.RawConn) error {
			var failed error
			err := raw.Control(func(fd uintptr) {
				failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, receiveBuffer)
			})
			return errors.Join(err, failed)
		}
	}
	c, err := d.DialContext(ctx, "tcp", t.Addr)
	if err != nil {
		return nil, err
	}
	return &conn{target: t, net: c, in: bufio.NewReaderSize(c, readBuffer)}, nil
}

// request sends a request with the target's headers.
func (c *conn) request(method, path, body string, header ...string) error {
	b := make([]byte, 0, 512)
	b = append(b, method+" "+path+" HTTP/1.1\r\nHost: "+c.target.Addr+"\r\n"...)
	for name, value := range c.target.Header {
		b = append(b, name+": "+value+"\r\n"...)
	}
	for i := 0; i+1 < len(header); i += 2 {
		b = append(b, header[i]+": "+header[i+1]+"\r\n"...)
	}
	if body != "" {
		b = append(b, "Content-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n"...)
	}
	b = append(b, "\r\n"...)
	_, err := c.net.Write(append(b, body...))
	return err
}

// respond reads the response's headers. Any status other than 200 is an error.
func (c *conn) respond() error {
	if err := c.net.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.in, nil) //nolint:bodyclose // closing the connection closes it
	if err != nil {
		return err
	}
	c.body = resp.Body
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
		return fmt.Errorf("status %s: %s", resp.Status, text)
	}
	return nil
}

// open sends the request for a stream and returns its events.
func (c *conn) open() (*sse.Decoder, error) {
	if err := c.request(http.MethodPost, c.target.path(), c.target.Body); err != nil {
		return nil, err
	}
	if err := c.respond(); err != nil {
		return nil, err
	}
	return sse.NewDecoder(c.body), nil
}

// resume requests the events after an event, or all events if lastEventID is empty.
func (c *conn) resume(completion, lastEventID string) (*sse.Decoder, error) {
	header := []string{"Accept", "text/event-stream"}
	if lastEventID != "" {
		header = append(header, "Last-Event-ID", lastEventID)
	}
	if err := c.request(http.MethodGet, c.target.path()+"/"+completion, "", header...); err != nil {
		return nil, err
	}
	if err := c.respond(); err != nil {
		return nil, err
	}
	return sse.NewDecoder(c.body), nil
}

// close closes the connection: abruptly if the stream has not ended.
func (c *conn) close() { _ = c.net.Close() } // nothing can be lost

// Fetch reads one whole stream.
func Fetch(ctx context.Context, t *Target) ([]sse.Event, error) {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return nil, err
	}
	defer c.close()
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	events, err := c.open()
	if err != nil {
		return nil, err
	}
	var all []sse.Event
	for {
		e, err := events.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}
