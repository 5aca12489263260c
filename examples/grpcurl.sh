#!/bin/sh
grpcurl -plaintext \
  -d '{"params":{"model":"pet-advisor-1","messages":[{"role":"ROLE_USER","text":"Which calm cats do you have?"}]}}' \
  "${PAWSTREAM_COMPLETION_ADDR:-127.0.0.1:50051}" petstore.completion.v1.CompletionService/StreamCompletion
