// Decodes recorded streams, one a line in Base64, with the reader of our client: whole, byte
// by byte, and cut in two here and there.
import { createInterface } from 'node:readline'
import { events } from '../../../clients/js/pawstream.js'

async function decode(...pieces) {
  const all = []
  for await (const { id, name, data } of events(ReadableStream.from(pieces))) all.push([id, name, data])
  return all
}

for await (const line of createInterface({ input: process.stdin })) {
  const bytes = Uint8Array.from(Buffer.from(line, 'base64'))
  const whole = await decode(bytes)
  const wanted = JSON.stringify(whole)
  const differing = []
  if (JSON.stringify(await decode(...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))) !== wanted) differing.push(-1)
  for (let at = 1; at < bytes.length; at += 11) {
    if (JSON.stringify(await decode(bytes.subarray(0, at), bytes.subarray(at))) !== wanted) differing.push(at)
  }
  console.log(JSON.stringify({ Events: whole, differing }))
}
