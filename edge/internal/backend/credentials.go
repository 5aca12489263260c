package backend

import (
	"context"
	"crypto/tls"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// credentialsOf returns the credentials of the connections, which are not secured without files.
func credentialsOf(files *tlsfiles.Set) credentials.TransportCredentials {
	if files == nil {
		return insecure.NewCredentials()
	}
	return newLatest(files)
}

// latest secures each connection to a server with the current content of the files.
type latest struct {
	credentials.TransportCredentials
	files *tlsfiles.Set
}

func newLatest(files *tlsfiles.Set) *latest {
	return &latest{credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13}), files}
}

// ClientHandshake implements [credentials.TransportCredentials].
func (l *latest) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(l.files.Client()).ClientHandshake(ctx, authority, conn)
}

// Clone implements [credentials.TransportCredentials].
func (l *latest) Clone() credentials.TransportCredentials { return newLatest(l.files) }
