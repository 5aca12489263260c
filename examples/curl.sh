#!/bin/sh
curl -sSN "${PAWSTREAM_URL:-http://127.0.0.1:8080}/v1/chat/completions" \
  -H 'Content-Type: application/json' -H "Authorization: Bearer ${PAWSTREAM_API_KEY:-none}" \
  -d '{"model":"pet-advisor-1","stream":true,"messages":[{"role":"user","content":"Which calm cats do you have?"}]}'
