// Package protoname has the names of the values of protobuf enumerations. They come from the
// enumeration's descriptor, so a value added to a contract has its name everywhere.
//
// A value FOO_BAR_STOP of an enumeration whose first value is FOO_BAR_UNSPECIFIED has the symbol
// STOP and the name "stop". An option of the value, any extension called public_name, can set another name. The
// first value, and numbers that the contract does not have, have neither.
package protoname

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// An Enum is a generated enumeration.
type Enum interface {
	~int32
	protoreflect.Enum
}

// Of returns the name of a value; empty: it has none.
func Of[E Enum](value E) string {
	if value == 0 {
		return ""
	}
	return tableOf(value.Descriptor()).names[value.Number()]
}

// Symbol returns the value's name in its file without the enumeration's prefix; empty: it has none.
func Symbol[E Enum](value E) string {
	if value == 0 {
		return ""
	}
	return tableOf(value.Descriptor()).symbols[value.Number()]
}

// Value returns the value with a name, the first of several; 0: none has it.
func Value[E Enum](name string) E {
	if name == "" {
		return 0
	}
	return E(tableOf(E(0).Descriptor()).byName[name])
}

// BySymbol returns the value with a symbol; 0: none has it.
func BySymbol[E Enum](symbol string) E {
	if symbol == "" {
		return 0
	}
	return E(tableOf(E(0).Descriptor()).bySymbol[symbol])
}

// All returns the names of all values, in the order in which the contract has them.
func All[E Enum]() []string {
	table := tableOf(E(0).Descriptor())
	names := make([]string, 0, len(table.order))
	for _, number := range table.order {
		names = append(names, table.names[number])
	}
	return names
}

// A table has the names of an enumeration.
type table struct {
	order            []protoreflect.EnumNumber
	names, symbols   map[protoreflect.EnumNumber]string
	byName, bySymbol map[string]protoreflect.EnumNumber
}

// tables has a table for each enumeration used so far, under its descriptor.
var tables sync.Map //nolint:gochecknoglobals // what a contract says does not change

func tableOf(enum protoreflect.EnumDescriptor) *table {
	if found, ok := tables.Load(enum); ok {
		return found.(*table) //nolint:forcetypeassert // there is nothing else in it
	}
	made := newTable(enum)
	tables.Store(enum, made)
	return made
}

func newTable(enum protoreflect.EnumDescriptor) *table {
	values := enum.Values()
	t := &table{
		names: make(map[protoreflect.EnumNumber]string), symbols: make(map[protoreflect.EnumNumber]string),
		byName: make(map[string]protoreflect.EnumNumber), bySymbol: make(map[string]protoreflect.EnumNumber),
	}
	prefix := strings.TrimSuffix(string(values.Get(0).Name()), "UNSPECIFIED")
	for i := 1; i < values.Len(); i++ {
		value := values.Get(i)
		number, symbol := value.Number(), strings.TrimPrefix(string(value.Name()), prefix)
		name := publicName(value)
		if name == "" {
			name = strings.ToLower(symbol)
		}
		t.order = append(t.order, number)
		t.names[number], t.symbols[number] = name, symbol
		t.bySymbol[symbol] = number
		if _, taken := t.byName[name]; !taken {
			t.byName[name] = number
		}
	}
	return t
}

// publicName returns the name that an option gives to a value; empty: there is none.
func publicName(value protoreflect.EnumValueDescriptor) (name string) {
	value.Options().ProtoReflect().Range(func(option protoreflect.FieldDescriptor, is protoreflect.Value) bool {
		if option.IsExtension() && option.Name() == "public_name" {
			name = is.String()
		}
		return name == ""
	})
	return name
}
