// A program in another language, which is named with what runs it: it sends its input to the URL that is its
// argument, by the client of HTTP that its language has, and prints a line "id" with the completion's, and a line
// "data" for each event or for the body that is no stream. Whoever leaves it ends it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Adder, gallery, messages, tool } from './lib.mjs'

const [command, ...args] = process.argv[2].split(' ')

await gallery(async ({ base, model, tools, whole, resume, signal, onText, fetch }) => {
  if (resume) throw new Error('it has no such call')
  const program = spawn(command, [...args, `${base}/chat/completions`], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(program, 'close')
  signal?.addEventListener('abort', () => program.kill())
  program.stdin.end(JSON.stringify({
    model, messages, ...(!whole && { stream: true, stream_options: { include_usage: true } }), ...(tools && { tools: [tool] }),
  }))
  const sum = new Adder(onText)
  let ended = false
  for await (const line of createInterface({ input: program.stdout })) {
    const [kind] = line.split(' ', 1)
    const rest = line.slice(kind.length + 1)
    if (kind === 'id') {
      if (fetch) fetch.id = rest
    } else if (rest === '[DONE]') {
      ended = true
    } else if (whole) {
      return { text: JSON.parse(rest).choices[0].message.content }
    } else {
      sum.add(JSON.parse(rest))
    }
  }
  await closed
  if (!ended) throw new Error('it ended without an end')
  return sum
}, 'loop', 'object') // it reads answers, and is no client of the API
