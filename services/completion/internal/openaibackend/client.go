package openaibackend

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend/accent"
)

// A client sends requests to one server. It takes neither a key nor headers from the
// environment, because they would be sent to any configured server.
type client struct {
	url    string
	header http.Header
	http   *http.Client
}

// userAgent is our User-Agent, unless the operator sets another one.
const userAgent = "pawstream"

func newClient(cfg *Config) *client {
	path := "/chat/completions"
	if cfg.API == APIResponses {
		path = "/responses"
	}
	c := &client{
		url: strings.TrimSuffix(cfg.BaseURL, "/") + path,
		header: http.Header{
			header.ContentType: {header.JSON},
			header.Accept:      {header.EventStream},
			// A compressed stream arrives in blocks, not event by event.
			header.AcceptEncoding: {"identity"},
			"User-Agent":          {userAgent},
		},
		http: &http.Client{
			Transport: cfg.Transport,
			// The key is for this server, not for one that it redirects to.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if cfg.Transport == nil {
		c.http.Transport = newTransport(cfg)
	}
	for name, value := range cfg.Headers {
		c.header.Set(name, value)
	}
	if cfg.Key != "" {
		c.header.Set(header.Authorization, header.Bearer+cfg.Key)
	}
	return c
}

func newTransport(cfg *Config) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: cfg.Connect}).DialContext,
		TLSHandshakeTimeout: cfg.Connect,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// post sends a request and returns the response. The caller must close its body. If the status is not
// a success, the error is a *refusal; all other errors come from the connection.
func (c *client) post(ctx context.Context, body any) (*http.Response, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, &text)
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < http.StatusMultipleChoices {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	plain, err := (&accent.Reader{}).Decode(res.Body, res.Header.Get(header.ContentEncoding))
	if err != nil {
		return nil, newRefusal(res, nil) // the status counts
	}
	said, err := io.ReadAll(io.LimitReader(plain, maxRefusal))
	if err != nil && !accent.IsCoding(err) {
		return nil, err
	}
	return nil, newRefusal(res, said)
}
