// Decodes recorded streams, one a line in Base64, with the parser under the package
// eventsource, the AI SDK and others: whole, and cut in two at each byte.
import { createInterface } from 'node:readline'
import { createParser } from 'eventsource-parser'

function decode(...pieces) {
  const result = { events: [], comments: [], retries: [] }
  const parser = createParser({
    onEvent: ({ id, event, data }) => result.events.push([id ?? '', event ?? '', data]),
    onComment: (comment) => result.comments.push(comment),
    onRetry: (retry) => result.retries.push(retry),
  })
  const text = new TextDecoder()
  for (const piece of pieces) parser.feed(text.decode(piece, { stream: true }))
  return result
}

for await (const line of createInterface({ input: process.stdin })) {
  const bytes = Buffer.from(line, 'base64')
  const whole = decode(bytes)
  const wanted = JSON.stringify(whole)
  const differing = []
  for (let at = 0; at <= bytes.length; at++) {
    if (JSON.stringify(decode(bytes.subarray(0, at), bytes.subarray(at))) !== wanted) differing.push(at)
  }
  console.log(JSON.stringify({ ...whole, differing }))
}
