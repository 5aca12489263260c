// Codex, without a person: codex exec. It runs its own tools: two commands, which print, in its sandbox.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { gallery } from '../node/lib.mjs'

const binary = join(import.meta.dirname, 'node_modules', '.bin', 'codex')

// config is the example's, and no tries: what fails is to be seen.
const example = await readFile(join(import.meta.dirname, '../../../examples/codex.toml'), 'utf8')
const config = base => example.replace(/^base_url = .*$/m, `base_url = "${base}"`) + 'request_max_retries = 0\nstream_max_retries = 0\n'
const quiet = ['-c', 'check_for_update_on_startup=false', '-c', 'analytics.enabled=false']

// call is the call of the other clients' tool that a command stands for, by its output.
const call = output => ({ name: 'find_pet', arguments: JSON.stringify({ name: /(\w+) sleeps$/.exec(output)?.[1] }) })

// through is a server before another one, whose responses fetch makes: it tells what Codex keeps to itself, when
// there is text and of which completion.
async function through(base, fetch, onText) {
  const server = createServer(async (asked, response) => {
    const leave = new AbortController()
    response.on('close', () => leave.abort())
    const { method, headers: { host, connection, ...headers } } = asked
    const answer = await fetch(base + asked.url, { method, headers, body: Readable.toWeb(asked), duplex: 'half', signal: leave.signal })
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') })
    try {
      for await (const bytes of answer.body) {
        response.write(bytes)
        if (Buffer.from(bytes).includes('output_text.delta')) onText()
      }
      response.end()
    } catch {
      response.destroy()
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${server.address().port}`
}

await gallery(async ({ base, model, tools, signal, fetch, onText }) => {
  const home = await mkdtemp(join(tmpdir(), 'codex-'))
  try {
    await writeFile(join(home, 'config.toml'), config(signal ? await through(base, fetch, onText) : base))
    const codex = spawn(binary, ['exec', ...quiet, '--skip-git-repo-check', '--json', '--model', tools ? 'shell' : model, 'Which pet?'], {
      cwd: home, env: { ...process.env, CODEX_HOME: home }, stdio: ['ignore', 'pipe', 'ignore'],
    })
    signal?.addEventListener('abort', () => codex.kill('SIGINT')) // as Ctrl-C does
    const closed = once(codex, 'close')
    const got = { calls: [] }
    for await (const line of createInterface({ input: codex.stdout })) {
      const event = JSON.parse(line)
      switch (event.type) {
        case 'item.completed':
          if (event.item.type === 'agent_message') got.text = event.item.text
          if (event.item.type === 'command_execution') got.calls.push(call(event.item.aggregated_output))
          break
        case 'turn.completed':
          got.finish = got.calls.length > 0 ? 'tool_calls' : 'stop'
          got.usage = event.usage.input_tokens + event.usage.output_tokens
          break
        case 'turn.failed':
          throw new Error(event.error.message)
      }
    }
    await closed
    got.calls.sort((a, b) => a.arguments.localeCompare(b.arguments)) // they run at the same time
    if (!got.finish) throw new Error('it ended without an end')
    return got
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}, 'whole', 'object')
