package protoname_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/pawstream/pawstream/internal/protoname"
)

// A mood is an enumeration as protoc-gen-go makes it.
type mood int32

const (
	fine mood = 1
	sour mood = 4
	odd  mood = 5
)

var moods = describe()

func (mood) Descriptor() protoreflect.EnumDescriptor { return moods }
func (mood) Type() protoreflect.EnumType             { return dynamicpb.NewEnumType(moods) }
func (m mood) Number() protoreflect.EnumNumber       { return protoreflect.EnumNumber(m) }

// describe returns the enumeration's descriptor, in which an option names one value.
func describe() protoreflect.EnumDescriptor {
	options := protodesc.ToFileDescriptorProto(descriptorpb.File_google_protobuf_descriptor_proto)
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("options.proto"), Package: new("test"), Dependency: []string{options.GetName()},
		Extension: []*descriptorpb.FieldDescriptorProto{{
			Name: new("public_name"), Number: new(int32(50000)), Extendee: new(".google.protobuf.EnumValueOptions"),
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		panic(err)
	}
	named := &descriptorpb.EnumValueOptions{}
	proto.SetExtension(named, dynamicpb.NewExtensionType(file.Extensions().Get(0)), "strange-one")
	file, err = protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("mood.proto"), Package: new("test"), Syntax: new("proto3"),
		EnumType: []*descriptorpb.EnumDescriptorProto{{Name: new("Mood"), Value: []*descriptorpb.EnumValueDescriptorProto{
			{Name: new("MOOD_UNSPECIFIED"), Number: new(int32(0))},
			{Name: new("MOOD_FINE"), Number: new(int32(fine))},
			{Name: new("MOOD_VERY_SOUR"), Number: new(int32(sour))},
			{Name: new("MOOD_ODD"), Number: new(int32(odd)), Options: named},
		}}},
	}, nil)
	if err != nil {
		panic(err)
	}
	return file.Enums().Get(0)
}

func TestNamesComeFromTheContract(t *testing.T) {
	for _, test := range []struct {
		value        mood
		name, symbol string
	}{
		{0, "", ""},
		{fine, "fine", "FINE"},
		{sour, "very_sour", "VERY_SOUR"},
		{odd, "strange-one", "ODD"},
		{99, "", ""},
		{-1, "", ""},
	} {
		if name, symbol := protoname.Of(test.value), protoname.Symbol(test.value); name != test.name || symbol != test.symbol {
			t.Errorf("%d: %q and %q, want %q and %q", test.value, name, symbol, test.name, test.symbol)
		}
		if test.name == "" {
			continue
		}
		if name, symbol := protoname.Value[mood](test.name), protoname.BySymbol[mood](test.symbol); name != test.value || symbol != test.value {
			t.Errorf("%s is %d, %s is %d, want %d", test.name, name, test.symbol, symbol, test.value)
		}
	}
	for _, none := range []string{"", "unspecified", "FINE", "Fine", "MOOD_FINE", "fine ", "odd"} {
		if got := protoname.Value[mood](none); got != 0 {
			t.Errorf("%q is %d", none, got)
		}
	}
	if diff := cmp.Diff([]string{"fine", "very_sour", "strange-one"}, protoname.All[mood]()); diff != "" {
		t.Errorf("all names (-want +got)\n%s", diff)
	}
}

// TestANameTakesNoMemory checks that names, such as those of a stream's events, allocate nothing.
func TestANameTakesNoMemory(t *testing.T) {
	allocs := testing.AllocsPerRun(100, func() {
		if protoname.Of(sour) != "very_sour" || protoname.Value[mood]("very_sour") != sour {
			t.Error("not sour")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
