// What the clients of the gallery share: the input, and what each of them is tried by.

// input comes from the test as JSON: base and broken are URLs of the API, the latter by way of a
// proxy that cuts connections; text is the whole answer.
const { base, broken, text } = JSON.parse(process.argv[3])

const { fetch } = globalThis // some clients are given another one in its place

export const messages = [{ role: 'user', content: 'Which pet?' }]
export const schema = { type: 'object', properties: { name: { type: 'string' } } }
export const tool = { type: 'function', function: { name: 'find_pet', description: 'Finds a pet.', parameters: schema } }

// findPet is what the tool does.
export const findPet = ({ name }) => `${name} sleeps`

// petSchema is of the object that is asked for, by a client's own helper.
export const petSchema = {
  type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false,
}

// noting is a fetch that remembers the completion which it was about last.
export function noting() {
  const noted = async (...args) => {
    const response = await fetch(...args)
    noted.id = response.headers.get('x-completion-id') ?? noted.id
    return response
  }
  return noted
}

// statusSoon returns the status of a completion once it is the one that is wanted, or after a while.
async function statusSoon(created, wanted) {
  const id = created?.replace('resp_', 'chatcmpl-') // either API has it, under a name of its own
  const late = Date.now() + 20_000
  for (;;) {
    const { status } = await (await fetch(`${base}/chat/completions/${id}`)).json()
    if (status === wanted || Date.now() > late) return status
    await new Promise(done => setTimeout(done, 50))
  }
}

async function failure(run) {
  try {
    return { result: await run() }
  } catch (err) {
    return { err: err ?? new Error('nothing') }
  }
}

const fails = why => `fails: ${String(why?.message ?? why).replace(/\s+/g, ' ').slice(0, 120)}`

// Each check returns yes, another word for what happened that is fine, or "fails: why". What it asks a
// client for is a stream, whose sum has text, finish, usage and calls, of calls that nobody answers; but
// with whole, no stream; with loop, the text after the tools have been run; with object, an object; with
// resume, to go on after a lost connection by a call of its own, which the sum names as resumed, if it has one.
const checks = {
  async stream(ask) {
    const got = await ask({ base, model: 'story' })
    if (got.text !== text) return fails(`the text is ${JSON.stringify(got.text)}`)
    if (got.finish !== 'stop') return fails(`the finish reason is ${got.finish}`)
    return 'yes'
  },
  async whole(ask) {
    const got = await ask({ base, model: 'story', whole: true })
    return got.text === text ? 'yes' : fails(`the text is ${JSON.stringify(got.text)}`)
  },
  async usage(ask) {
    const { usage } = await ask({ base, model: 'story' })
    return usage > 0 ? 'yes' : fails(`the usage is ${usage}`)
  },
  async tools(ask) {
    const got = await ask({ base, model: 'tools', tools: true })
    const want = JSON.stringify([{ name: 'find_pet', arguments: '{"name":"Luna"}' }, { name: 'find_pet', arguments: '{"name":"Milo"}' }])
    const calls = JSON.stringify(got.calls)
    if (calls !== want) return fails(`the calls are ${calls}`)
    return got.finish === 'tool_calls' ? 'yes' : fails(`the finish reason is ${got.finish}`)
  },
  async loop(ask) {
    const got = await ask({ base, model: 'tools', tools: true, loop: true })
    return got.text === text ? 'yes' : fails(`the text is ${JSON.stringify(got.text)}`)
  },
  async object(ask) {
    const { object } = await ask({ base, model: 'object', object: true })
    return object?.name === 'Luna' && object.age === 3 ? 'yes' : fails(`the object is ${JSON.stringify(object)}`)
  },
  async before(ask) {
    const { err } = await failure(() => ask({ base, model: 'nothing' }))
    return err ? 'yes' : fails('an unknown model passes for success')
  },
  async within(ask) {
    let seen = ''
    const { err, result } = await failure(() => ask({ base, model: 'failing', onText: piece => { seen += piece } }))
    if (result?.finish === 'error') return 'finish reason `error`'
    if (!err) return fails('a failure passes for success')
    if (!seen && !/in the middle/.test(err.message)) return fails(`no text before the error: ${err.message}`)
    return /model/i.test(String(err.message ?? err)) ? 'yes' : 'raises without our message'
  },
  async abort(ask) {
    const leave = new AbortController()
    const fetch = noting()
    await failure(() => ask({ base, model: 'endless', signal: leave.signal, fetch, onText: () => leave.abort() }))
    const status = await statusSoon(fetch.id, 'cancelled')
    return status === 'cancelled' ? 'yes' : fails(`the status is ${status}`)
  },
  async cut(ask) {
    const { err, result } = await failure(() => ask({ base: broken, model: 'story' }))
    if (!err) return result.text === text ? 'goes on' : fails(`a cut passes for the end, with ${JSON.stringify(result.text)}`)
    console.error('cut:', String(err.message ?? err).slice(0, 200))
    const { err: again, result: resumed } = await failure(() => ask({ base: broken, model: 'story', resume: true }))
    if (!again && resumed.text !== text) return fails(`what goes on ends with ${JSON.stringify(resumed.text)}`)
    return resumed?.resumed ? `raises; ${resumed.resumed} goes on` : 'raises'
  },
}

// gallery tries a client by all checks, less those that it cannot be tried by.
export async function gallery(ask, ...cannot) {
  setInterval(() => {}, 1000) // a client that waits to reconnect does not keep the process by itself
  for (const [check, run] of Object.entries(checks)) {
    let result = '–'
    if (!cannot.includes(check)) {
      const slow = new Promise(done => setTimeout(() => done(fails('it takes for ever')), 30_000).unref())
      const { err, result: got } = await failure(() => Promise.race([run(ask), slow]))
      result = err ? fails(err) : got
    }
    console.log(JSON.stringify({ check, result }))
  }
  process.exit() // whatever is still open
}

// Adder adds chunks of chat completions up.
export class Adder {
  text = ''
  calls = []
  constructor(onText) {
    this.onText = onText
  }
  add(chunk) {
    if (chunk.error) throw new Error(chunk.error.message)
    if (chunk.usage) this.usage = chunk.usage.total_tokens
    for (const { delta, finish_reason } of chunk.choices) {
      this.finish = finish_reason ?? this.finish
      for (const call of delta.tool_calls ?? []) {
        const known = (this.calls[call.index] ??= { name: '', arguments: '' })
        known.name += call.function.name ?? ''
        known.arguments += call.function.arguments ?? ''
      }
      if (delta.content) {
        this.text += delta.content
        this.onText?.(delta.content)
      }
    }
  }
}

// created asks for a completion that somebody else follows, and returns its URL. It goes on without a reader; but
// where there is a signal it ends with its last one, and whoever has asked stays one until it calls leave.
export async function created({ base, model, signal, fetch = globalThis.fetch }) {
  const response = await fetch(`${base}/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      model, messages, stream: true, on_disconnect: signal ? 'cancel' : 'continue', stream_options: { include_usage: true },
    }),
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  const id = response.headers.get('x-completion-id')
  const leave = () => response.body.cancel()
  if (!signal) await leave()
  return { url: `${base}/chat/completions/${id}?stream=true`, leave }
}
