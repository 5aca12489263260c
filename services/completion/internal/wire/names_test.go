package wire

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// enum is what every generated enumeration is.
type enum interface {
	comparable
	protoreflect.Enum
}

// checkNames checks that every value of the contract but the unspecified one has a
// name of its own in the domain, and comes back from it.
func checkNames[P enum, D comparable](t *testing.T, table []name[P, D]) {
	t.Helper()
	var zero D
	values := table[0].proto.Descriptor().Values()
	if got, want := len(table), values.Len()-1; got != want {
		t.Errorf("%T: %d rows for %d values", table[0].proto, got, want)
	}
	for _, row := range table {
		if row.domain == zero || row.proto.Number() == 0 {
			t.Errorf("row %v: a zero value needs no row", row)
		}
		if got := toDomain(table, row.proto); got != row.domain {
			t.Errorf("toDomain(%v) = %v, want %v", row.proto, got, row.domain)
		}
		if got := toProto(table, row.domain); got != row.proto {
			t.Errorf("toProto(%v) = %v, want %v", row.domain, got, row.proto)
		}
	}
}

func TestEveryEnumValueHasAName(t *testing.T) {
	checkNames(t, roles())
	checkNames(t, policies())
	checkNames(t, toolModes())
	checkNames(t, modalities())
	checkNames(t, efforts())
	checkNames(t, verbosities())
	checkNames(t, finishReasons())
	checkNames(t, statuses())
	checkNames(t, stages())
}
