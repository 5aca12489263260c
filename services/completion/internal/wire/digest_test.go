package wire

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// frozen are digests of versions 1 and 2. The log stores them with idempotency keys, so a change needs a new
// [DigestVersion], not a new line here.
func frozen() map[string]string {
	return map[string]string{
		`{}`: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}]}`:                                                                    "8bad1e425aaf32b1a268c195854d98df0e33adeaaea90c21840452d14aea3d72",
		`{"model": "another", "messages": [{"role": "ROLE_USER", "text": "Hi"}], "streamOptions": {"includeEvents": true}}`:      "8bad1e425aaf32b1a268c195854d98df0e33adeaaea90c21840452d14aea3d72",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "streamOptions": {"includeUsage": true}}`:                           "a4590a40938c186b3cf464dc1ced188ef06eab84b1e0a2aaf0a55e8bd293d41b",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "n": 1}`:                                                            "410f2fbb0c412fdc2ebf7fd1abf1251a2479b130aae8480c26b906edbd0e5908",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "temperature": 0, "seed": "-1", "stop": ["a", "b"]}`:                "670f1c3b247ad71b590e988fccc85bc2882ab6b6094ecc02659735f264f21533",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "metadata": {"b": "2", "a": "1"}, "store": true}`:                   "331935935bf4cfcb7ec47c76aecf1b7c5c3ac7fe2fc275c954a933d78afb3a91",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "logitBias": {"7": 1, "-3": -100}}`:                                 "aef8f621a9c472479658b201038660d7e8b519f271304bdbc89cd54262065830",
		`{"messages": [{"role": "ROLE_USER", "parts": {"parts": [{"text": "Hi"}, {"text": ""}]}}]}`:                              "9b51d567596e6f41a387ead74c28d23bc37a655b7ef356fd20ef92e3da28c116",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "tools": [{"function": {"name": "f"}}], "toolChoice": {"mode": 2}}`: "f894b504eab235a916f7ce3befdd3aff8365562518deb761069291d1a5aed12b",
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "responseFormat": {"text": {}}}`:                                    "1701b2cabd3bbb0064f0e4216aef1c5b8c2a96429c123b0e4a4b599200027864",
		fullRequest: "4fcf0fd237f794e98db533ae50d374f50e1d4f3ae96a673dfff526bd9fe85779",
	}
}

func TestDigestsStayAsTheyAre(t *testing.T) {
	if DigestVersion != 2 {
		t.Fatalf("version %d has no frozen digests", DigestVersion)
	}
	for text, want := range frozen() {
		if got := digestOf(t, read(t, text)); got != want {
			t.Errorf("digest of %s\n%s, want %s", text, got, want)
		}
	}
}

func read(t *testing.T, text string) *completionv1.CompletionParams {
	t.Helper()
	params := &completionv1.CompletionParams{}
	if err := protojson.Unmarshal([]byte(text), params); err != nil {
		t.Fatal(err)
	}
	return params
}

func digestOf(t *testing.T, params proto.Message) string {
	t.Helper()
	sum, err := digest(params)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum[:])
}

// TestTheDigestIsOneForEachSpelling checks that equivalent requests have the same digest.
func TestTheDigestIsOneForEachSpelling(t *testing.T) {
	want := digestOf(t, read(t, `{"messages": [{"role": "ROLE_USER", "text": "Hi"}]}`))
	for _, text := range []string{
		`{"model": "m", "messages": [{"role": "ROLE_USER", "text": "Hi"}]}`,
		`{"messages": [{"role": "ROLE_USER", "parts": {"parts": [{"text": "Hi"}]}}]}`,
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "logprobs": false}`,
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "streamOptions": {}}`,
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "streamOptions": {"includeEvents": true}}`,
		`{"messages": [{"role": "ROLE_USER", "text": "Hi"}], "store": false, "metadata": {}, "user": ""}`,
	} {
		if got := digestOf(t, read(t, text)); got != want {
			t.Errorf("%s has another digest", text)
		}
	}
}

// TestEachFieldCountsInTheDigest removes one value after the other from a request that has all of them.
func TestEachFieldCountsInTheDigest(t *testing.T) {
	whole := digestOf(t, read(t, fullRequest))
	for i := 0; ; i++ {
		params, at := read(t, fullRequest), i
		field := drop(params.ProtoReflect(), &at)
		if field == "" {
			if i < 60 {
				t.Errorf("%d values", i)
			}
			return
		}
		counts := field != "petstore.completion.v1.CompletionParams.model" && field != "petstore.completion.v1.StreamOptions.include_events"
		if (digestOf(t, params) != whole) != counts {
			t.Errorf("%s counts: %v, want %v", field, !counts, counts)
		}
	}
}

// drop clears the value with that number in depth-first order, and returns its field, or "" if there are fewer.
func drop(m protoreflect.Message, number *int) (dropped protoreflect.FullName) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if *number == 0 {
			m.Clear(field)
			dropped = field.FullName()
			return false
		}
		*number--
		switch {
		case field.Message() == nil || field.IsMap() || field.Message().FullName() == "google.protobuf.Struct":
		case field.IsList():
			for i := 0; i < value.List().Len() && dropped == ""; i++ {
				dropped = drop(value.List().Get(i).Message(), number)
			}
		default:
			dropped = drop(value.Message(), number)
		}
		return dropped == ""
	})
	return dropped
}

// TestTheDigestSurvivesTheLog converts requests to the domain and back, as the log does.
func TestTheDigestSurvivesTheLog(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		params := &completionv1.CompletionParams{}
		fill(random, params.ProtoReflect())
		stored, err := RequestToProto(RequestFromProto(params))
		if err != nil {
			t.Fatal(err)
		}
		if digestOf(t, params) != digestOf(t, stored) {
			t.Fatalf("a request has another digest once it is stored:\n%s\n%s", protojson.Format(params), protojson.Format(stored))
		}
	}
}

// fill sets some random fields of a message, and one field of each oneof.
func fill(random *rand.Rand, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if of := field.ContainingOneof(); of != nil && !of.IsSynthetic() {
			if m.WhichOneof(of) == nil && (field.Index() == of.Fields().Get(of.Fields().Len()-1).Index() || random.IntN(2) == 0) {
				m.Set(field, value(random, m, field))
			}
			continue
		}
		switch {
		case random.IntN(2) == 0:
		case field.IsMap():
			for range random.IntN(4) {
				m.Mutable(field).Map().Set(scalar(random, field.MapKey()).MapKey(), scalar(random, field.MapValue()))
			}
		case field.IsList():
			for range random.IntN(4) {
				m.Mutable(field).List().Append(value(random, m, field))
			}
		default:
			m.Set(field, value(random, m, field))
		}
	}
}

func value(random *rand.Rand, m protoreflect.Message, field protoreflect.FieldDescriptor) protoreflect.Value {
	if field.Message() == nil {
		return scalar(random, field)
	}
	if field.Message().FullName() == "google.protobuf.Struct" {
		schema, err := structpb.NewStruct(map[string]any{"type": "object", "n": random.Float64(), "l": []any{nil, true, "x", map[string]any{}}})
		if err != nil {
			panic(err)
		}
		return protoreflect.ValueOfMessage(schema.ProtoReflect())
	}
	var inner protoreflect.Message
	if field.IsList() {
		inner = m.NewField(field).List().NewElement().Message()
	} else {
		inner = m.NewField(field).Message()
	}
	fill(random, inner)
	return protoreflect.ValueOfMessage(inner)
}

func scalar(random *rand.Rand, field protoreflect.FieldDescriptor) protoreflect.Value {
	n := random.IntN(3)
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString([]string{"", "a", "ü\n"}[n])
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n == 0)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n - 1))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(n - 1))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(n) / 2)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(1 + random.IntN(field.Enum().Values().Len()-1)))
	default:
		panic(fmt.Sprintf("a field of kind %v", field.Kind()))
	}
}

// TestTheDigestIsOneForEachContract reads the request by contracts that do not know one of its fields, because
// there it has another number. It does so for each field.
func TestTheDigestIsOneForEachContract(t *testing.T) {
	params := read(t, fullRequest)
	params.StreamOptions.IncludeEvents = false // every contract knows it, and it does not count
	want := digestOf(t, params)
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	fields := fieldsOf(contract())
	for i, field := range fields {
		switch field.GetName() {
		case "messages", "parts", "tool_calls", "tools":
			continue // every contract knows them; their messages have a oneof, which protobuf may put last
		}
		file := contract()
		fieldsOf(file)[i].Number = new(field.GetNumber() + 10_000)
		files, err := protodesc.NewFiles(file)
		if err != nil {
			t.Fatal(err)
		}
		found, err := files.FindDescriptorByName(params.ProtoReflect().Descriptor().FullName())
		if err != nil {
			t.Fatal(err)
		}
		before := dynamicpb.NewMessage(found.(protoreflect.MessageDescriptor))
		if err := proto.Unmarshal(data, before); err != nil {
			t.Fatal(err)
		}
		if got := digestOf(t, before); got != want {
			t.Errorf("where field %q is not known: another digest", field.GetName())
		}
	}
	if len(fields) < 60 {
		t.Errorf("%d fields", len(fields))
	}
}

// contract returns the files that describe a request.
func contract() *descriptorpb.FileDescriptorSet {
	return &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(structpb.File_google_protobuf_struct_proto),
		protodesc.ToFileDescriptorProto(completionv1.File_petstore_completion_v1_message_proto),
		protodesc.ToFileDescriptorProto(completionv1.File_petstore_completion_v1_params_proto),
	}}
}

// fieldsOf returns the fields of the contract's messages.
func fieldsOf(files *descriptorpb.FileDescriptorSet) (fields []*descriptorpb.FieldDescriptorProto) {
	for _, file := range files.GetFile() {
		for _, message := range file.GetMessageType() {
			if file.GetPackage() == "petstore.completion.v1" {
				fields = append(fields, message.GetField()...)
			}
		}
	}
	return fields
}

// TestUnknownFieldsCount adds unknown fields to a request, in several places.
func TestUnknownFieldsCount(t *testing.T) {
	field := protowire.AppendVarint(protowire.AppendTag(nil, 900, protowire.VarintType), 1)
	seen := map[string]bool{digestOf(t, read(t, fullRequest)): true}
	for name, at := range map[string]func(p *completionv1.CompletionParams) proto.Message{
		"the request": func(p *completionv1.CompletionParams) proto.Message { return p },
		"a message":   func(p *completionv1.CompletionParams) proto.Message { return p.GetMessages()[0] },
		"a part": func(p *completionv1.CompletionParams) proto.Message {
			return p.GetMessages()[1].GetParts().GetParts()[0]
		},
		"a tool": func(p *completionv1.CompletionParams) proto.Message { return p.GetTools()[0].GetFunction() },
	} {
		params := read(t, fullRequest)
		at(params).ProtoReflect().SetUnknown(field)
		got := digestOf(t, params)
		if seen[got] {
			t.Errorf("in %s: counts for nothing", name)
		}
		seen[got] = true
	}
}
