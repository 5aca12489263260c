package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// TestReflection does what grpcurl does: it knows no contract, asks the service for it,
// and calls it with JSON.
func TestReflection(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn := connect(t, fast(t).Completion.Addr("grpc"))
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r := reflector{conn: conn, stream: stream}

	services, err := r.services()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"grpc.health.v1.Health", "petstore.completion.v1.CompletionService", "petstore.completion.v1.ModelService",
	} {
		if !slices.Contains(services, want) {
			t.Errorf("%s is not among %v", want, services)
		}
	}
	for _, test := range []struct {
		name, service, method, request string
		want                           []string // each in the JSON of some answer
	}{
		{"health", "grpc.health.v1.Health", "Check", `{"service":"petstore.completion.v1.CompletionService"}`, []string{"SERVING"}},
		{"unary", "petstore.completion.v1.ModelService", "ListModels", `{}`, []string{model}},
		{
			"stream", "petstore.completion.v1.CompletionService", "StreamCompletion",
			`{"params":{"model":"pet-advisor-1","messages":[{"role":"ROLE_USER","text":"Which cats do you have?"}],"maxTokens":5}}`,
			[]string{"ROLE_ASSISTANT", "FINISH_REASON_LENGTH", `"done":{}`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			answers, err := r.call(ctx, protoreflect.FullName(test.service), protoreflect.Name(test.method), test.request)
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(answers, "\n")
			for _, want := range test.want {
				if !strings.Contains(all, want) {
					t.Errorf("no %s in\n%s", want, all)
				}
			}
		})
	}
}

// A reflector calls methods that it learns of from the server.
type reflector struct {
	conn   *grpc.ClientConn
	stream grpc.BidiStreamingClient[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse]
}

func (r *reflector) ask(req *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
	if err := r.stream.Send(req); err != nil {
		return nil, err
	}
	resp, err := r.stream.Recv()
	if told := resp.GetErrorResponse(); told != nil {
		return nil, fmt.Errorf("reflection: %v", told)
	}
	return resp, err
}

func (r *reflector) services() ([]string, error) {
	resp, err := r.ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	var names []string
	for _, service := range resp.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	return names, err
}

// method returns a method's descriptor, from the files that the server has of it.
func (r *reflector) method(service protoreflect.FullName, method protoreflect.Name) (protoreflect.MethodDescriptor, error) {
	resp, err := r.ask(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: string(service)},
	})
	if err != nil {
		return nil, err
	}
	set := new(descriptorpb.FileDescriptorSet)
	for _, text := range resp.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(text, file); err != nil {
			return nil, err
		}
		set.File = append(set.File, file)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	return methodIn(files, service, method)
}

func methodIn(files *protoregistry.Files, service protoreflect.FullName, method protoreflect.Name) (protoreflect.MethodDescriptor, error) {
	descriptor, err := files.FindDescriptorByName(service)
	if err != nil {
		return nil, err
	}
	known, ok := descriptor.(protoreflect.ServiceDescriptor)
	if !ok || known.Methods().ByName(method) == nil {
		return nil, fmt.Errorf("no method %s in %v", method, descriptor)
	}
	return known.Methods().ByName(method), nil
}

// call sends a request that is JSON and returns the answers as JSON.
func (r *reflector) call(ctx context.Context, service protoreflect.FullName, name protoreflect.Name, request string) ([]string, error) {
	method, err := r.method(service, name)
	if err != nil {
		return nil, err
	}
	in := dynamicpb.NewMessage(method.Input())
	if err := protojson.Unmarshal([]byte(request), in); err != nil {
		return nil, err
	}
	stream, err := r.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/"+string(service)+"/"+string(name))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(stream.SendMsg(in), stream.CloseSend()); err != nil {
		return nil, err
	}
	var answers []string
	for {
		out := dynamicpb.NewMessage(method.Output())
		err := stream.RecvMsg(out)
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := protojson.Marshal(out)
		if err != nil {
			return nil, err
		}
		answers = append(answers, string(text))
	}
}
