package jetlog

import "github.com/pawstream/pawstream/internal/natsconn"

// at is the NATS server at a URL.
func at(url string) natsconn.Server { return natsconn.Server{URL: url} }
