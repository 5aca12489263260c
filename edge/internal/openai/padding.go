package openai

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// paddingBlock is what the size of a padded chunk, less its fixed prefix, is made a
// multiple of. A token is nearly always shorter, so nearly all chunks of a stream
// have one size. It is at most [sha256.Size], so that one hash is enough.
const paddingBlock = 32

// paddingAlphabet has 64 characters, none of which JSON escapes.
const paddingAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func newPadding(key []byte) hash.Hash {
	return hmac.New(sha256.New, key)
}

// appendPadding appends the member "obfuscation" to a chunk of which size bytes depend
// on the answer. Its length fills the block up, so that an eavesdropper who sees the
// sizes of encrypted frames learns next to nothing about the tokens in them. Its
// characters are a keyed function of the event's sequence number: nobody without the
// key can tell them from the answer's, and a replay is the same bytes.
func appendPadding(dst []byte, keyed hash.Hash, sequence uint64, size int) []byte {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], sequence)
	var sum [sha256.Size]byte
	keyed.Reset()
	keyed.Write(number[:]) // a hash never returns an error
	random := keyed.Sum(sum[:0])

	dst = append(dst, `,"obfuscation":"`...)
	for _, b := range random[:paddingBlock-size%paddingBlock] {
		dst = append(dst, paddingAlphabet[b%byte(len(paddingAlphabet))])
	}
	return append(dst, '"')
}
