package rpc

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// Bounds of a request on the wire, where an item of two bytes becomes hundreds in memory.
const (
	// maxItems is the maximum number of messages, list elements and map entries in a request. Requests that an
	// edge accepts reach at most three quarters of it.
	maxItems = 1 << 18
	// maxNesting is the maximum nesting of messages. A level of a JSON schema takes three, and edges accept 128
	// levels of JSON.
	maxNesting = 400
)

// listBound returns the domain's bound on the elements of a list or map, its param, and a noun for its
// elements. A bound of 0 means none of its own.
func listBound(field protoreflect.FullName) (most int, param, elements string) {
	switch field {
	case "petstore.completion.v1.CompletionParams.messages":
		return chat.MaxMessages, "messages", "messages"
	case "petstore.completion.v1.CompletionParams.tools":
		return chat.MaxTools, "tools", "tools"
	case "petstore.completion.v1.CompletionParams.stop":
		return chat.MaxStops, "stop", "texts"
	case "petstore.completion.v1.CompletionParams.metadata",
		"petstore.completion.v1.UpdateCompletionRequest.metadata",
		"petstore.completion.v1.ListCompletionsRequest.metadata":
		return chat.MaxMetadataPairs, "metadata", "pairs"
	}
	return 0, "", ""
}

// A measure counts the items of a request on the wire.
type measure struct {
	items int
	lists map[protoreflect.FullName]int // elements of fields with a bound
}

// message counts the items of a message. Its error is fit for the caller.
func (m *measure) message(data []byte, kind protoreflect.MessageDescriptor, depth int) *chat.Error {
	if depth > maxNesting {
		return chat.Errorf(chat.CodeRequestTooLarge, "The request is nested too deeply: at most %d levels are allowed.", maxNesting)
	}
	fields := kind.Fields()
	for len(data) > 0 {
		number, wireType, n := protowire.ConsumeTag(data)
		if n < 0 {
			return errUnreadable
		}
		data = data[n:]
		if n = protowire.ConsumeFieldValue(number, wireType, data); n < 0 {
			return errUnreadable
		}
		value := data[:n]
		data = data[n:]
		field := fields.ByNumber(number)
		if field == nil {
			continue // from a newer caller: ignored
		}
		if err := m.field(value, wireType, field, depth); err != nil {
			return err
		}
	}
	return nil
}

// field counts the items of one value of a field.
func (m *measure) field(value []byte, wireType protowire.Type, field protoreflect.FieldDescriptor, depth int) *chat.Error {
	within := field.Message()
	if within == nil && !field.IsList() {
		return nil
	}
	whole := wireType != protowire.BytesType
	if !whole {
		value, _ = protowire.ConsumeBytes(value)
	}
	n := 1
	if within == nil && !whole && field.Kind() != protoreflect.StringKind && field.Kind() != protoreflect.BytesKind {
		n = packed(value)
	}
	if err := m.count(field, n); err != nil || within == nil || whole {
		return err
	}
	return m.message(value, within, depth+1)
}

// packed returns the number of elements in a packed list of varints. The contract has no other packed lists.
func packed(value []byte) int {
	n := 0
	for _, b := range value {
		if b < 0x80 {
			n++
		}
	}
	return n
}

// count counts n elements of a list, or a message.
func (m *measure) count(field protoreflect.FieldDescriptor, n int) *chat.Error {
	if m.items += n; m.items > maxItems {
		return chat.Errorf(chat.CodeRequestTooLarge, "The request holds too many items: at most %d messages, list elements and map entries are allowed in all.", maxItems)
	}
	if field.Cardinality() != protoreflect.Repeated {
		return nil
	}
	most, param, elements := listBound(field.FullName())
	if most == 0 {
		return nil
	}
	if m.lists == nil {
		m.lists = make(map[protoreflect.FullName]int)
	}
	if m.lists[field.FullName()] += n; m.lists[field.FullName()] > most {
		return &chat.Error{
			Code: chat.CodeArrayTooLong, Param: param,
			Message: fmt.Sprintf("'%s' may hold at most %d %s.", param, most, elements),
		}
	}
	return nil
}

var errUnreadable = chat.Errorf(chat.CodeInvalidValue, "The request cannot be read: it is not a message of this contract.")
