package wire

import (
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// fromEnum returns a value in the domain, which uses the contract's names, or "" for an unknown one.
func fromEnum[D ~string, P protoname.Enum](p P) D { return D(protoname.Of(p)) }

// toEnum returns the contract's value for a name of the domain, or 0 if there is none.
func toEnum[P protoname.Enum, D ~string](d D) P { return protoname.Value[P](string(d)) }

// OnDisconnectFromProto returns a policy in the domain.
func OnDisconnectFromProto(p completionv1.OnDisconnect) chat.OnDisconnect {
	return fromEnum[chat.OnDisconnect](p)
}

// OnDisconnectToProto returns a policy in the contract.
func OnDisconnectToProto(p chat.OnDisconnect) completionv1.OnDisconnect {
	return toEnum[completionv1.OnDisconnect](p)
}
