import os
import random
import sys
import time
import uuid

import grpc

# Made of the contract, by grpcio-tools: python3 -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. proto/petstore/completion/v1/*.proto
from petstore.completion.v1 import completion_service_pb2 as calls
from petstore.completion.v1 import completion_service_pb2_grpc as services
from petstore.completion.v1 import message_pb2 as messages
from petstore.completion.v1 import params_pb2 as params

address = os.environ.get("PAWSTREAM_COMPLETION_ADDR", "127.0.0.1:50051")


def answer(service, question):
    """Yields the pieces of an answer. A stream that is lost is taken up after its last event, and before there is an
    id the same idempotency key finds the same completion."""
    asked = calls.StreamCompletionRequest(
        params=params.CompletionParams(model="pet-advisor-1", messages=[messages.ChatMessage(role=messages.ROLE_USER, text=question)]),
        idempotency_key=str(uuid.uuid4()))
    completion, after, failures = None, None, 0
    while failures < 10:
        if completion:
            events = service.ResumeCompletion(calls.ResumeCompletionRequest(completion_id=completion, after_sequence=after), timeout=120)
        else:
            events = service.StreamCompletion(asked, timeout=120)
        try:
            for event in events:
                if event.HasField("metadata"):
                    completion = event.metadata.id
                if event.HasField("done"):
                    return
                if event.HasField("error"):
                    raise RuntimeError(event.error.message)  # the answer has failed: that is its end
                after, failures = event.sequence, 0
                if event.delta.content:
                    yield event.delta.content
        except grpc.RpcError as lost:
            if lost.code() != grpc.StatusCode.UNAVAILABLE:
                raise
        time.sleep(random.random() * min(30, 0.25 * 2**failures))
        failures += 1
    raise RuntimeError("the service cannot be reached")


with grpc.insecure_channel(address) as channel:
    for text in answer(services.CompletionServiceStub(channel), " ".join(sys.argv[1:]) or "Which calm cats do you have?"):
        print(text, end="", flush=True)
print()
