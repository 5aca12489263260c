package tlsfiles

import "fmt"

// A Pair has the settings of a certificate and its key, for embedding in a table of flags. The variables
// cert_help and key_help are their help texts.
type Pair struct {
	Cert string `help:"${cert_help}" placeholder:"FILE"`
	Key  string `help:"${key_help}" placeholder:"FILE"`
}

// Check returns an error for an incomplete pair. It names the flags, which begin with prefix.
func (p *Pair) Check(prefix string) error {
	if (p.Cert == "") != (p.Key == "") {
		return fmt.Errorf("--%scert and --%skey need each other", prefix, prefix)
	}
	return nil
}

// Serving has the TLS settings of an API, for embedding in a table of flags. The variables api, protocol and
// client complete its help texts.
type Serving struct {
	Pair     `embed:"" set:"cert_help=TLS certificate of the ${api}, followed by any intermediate certificates, in PEM. The API then requires TLS 1.3. The file is reloaded when it changes." set:"key_help=Private key for the certificate of the ${api}, in PEM. Other users of the machine must not be able to read the file."`
	ClientCA string `name:"client-ca" help:"Certificate authorities for ${protocol} ${client}s, in PEM. Every ${client} must then present a certificate issued by one of them." placeholder:"FILE"`
}

// Check returns an error for settings that need each other. It names the flags, which begin with prefix.
func (s *Serving) Check(prefix string) error {
	if s.ClientCA != "" && s.Cert == "" && s.Key == "" {
		return fmt.Errorf("--%sclient-ca needs --%scert", prefix, prefix)
	}
	return s.Pair.Check(prefix)
}

// Load reads the files. The set is nil if TLS is off.
func (s *Serving) Load() (*Set, error) {
	if s.Cert == "" {
		return nil, nil
	}
	return Load(Files{Cert: s.Cert, Key: s.Key, CA: s.ClientCA})
}
