package openai

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Padding makes the size of a chunk, without its fixed prefix, a multiple of paddingBlock. A token is nearly
// always shorter, so nearly all chunks of a stream have one size. It is at most [sha256.Size], so that one hash
// is enough.
const paddingBlock = 32

// paddingAlphabet has 64 characters, none of which JSON escapes.
const paddingAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// A Padding makes the characters that fill up chunks. They are a keyed function of the event's sequence number:
// without the key, they look random, and a replay gives the same bytes. It is not safe for concurrent use.
type Padding struct {
	keyed  hash.Hash
	number [8]byte           // fields, because otherwise the hash
	sum    [sha256.Size]byte // would move them to the heap
}

// NewPadding returns the padding of a completion with the given key.
func NewPadding(key []byte) *Padding {
	return &Padding{keyed: hmac.New(sha256.New, key)}
}

// Append appends the member "obfuscation" to a chunk in which size bytes depend on the answer. It fills up the
// block, so that an eavesdropper who sees the sizes of encrypted frames learns next to nothing about the tokens
// in them.
func (p *Padding) Append(dst []byte, sequence uint64, size int) []byte {
	binary.BigEndian.PutUint64(p.number[:], sequence)
	p.keyed.Reset()
	p.keyed.Write(p.number[:]) // a hash never returns an error
	random := p.keyed.Sum(p.sum[:0])

	dst = append(dst, `,"obfuscation":"`...)
	for _, b := range random[:paddingBlock-size%paddingBlock] {
		dst = append(dst, paddingAlphabet[int(b)%len(paddingAlphabet)])
	}
	return append(dst, '"')
}
