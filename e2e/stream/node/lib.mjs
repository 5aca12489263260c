// What the scripts share: their input, their output, and the calls that no client has.

// input comes from the test as JSON: base and broken are URLs of the API, the latter by
// way of a proxy that cuts connections.
export const input = JSON.parse(process.argv[2])
export const { base, broken, model, question, max_tokens } = input

export const messages = [{ role: 'user', content: question }]
export const completions = `${base}/v1/chat/completions`

// body is that of a request for a stream.
export function body(members = {}) {
  return JSON.stringify({ model, messages, max_tokens, stream: true, stream_options: { include_usage: true }, ...members })
}

// check runs a check and prints its result as one line.
export async function check(name, run) {
  let result
  try {
    result = await run()
  } catch (err) {
    result = { threw: String(err?.stack ?? err) }
  }
  console.log(JSON.stringify({ check: name, ...result }))
}

// raised returns the error that run ends with.
export async function raised(run) {
  try {
    await run()
  } catch (err) {
    return err
  }
  throw new Error('it passed for success')
}

// cancel ends a completion, from a connection of its own.
export async function cancel(id) {
  const response = await fetch(`${completions}/${id}/cancel`, { method: 'POST' })
  if (!response.ok) throw new Error(`cancel: ${response.status} ${await response.text()}`)
}

// statusSoon returns the status of a completion as it is within a second.
export async function statusSoon(id, wanted) {
  const late = Date.now() + 1000
  for (;;) {
    const { status } = await (await fetch(`${completions}/${id}`)).json()
    if (status === wanted || Date.now() > late) return status
  }
}

// tokens takes the counts that all clients know out of a usage.
export const tokens = ({ prompt_tokens, completion_tokens, total_tokens }) => ({ prompt_tokens, completion_tokens, total_tokens })

// noting is a fetch that remembers the id of the completion which it was about last.
export function noting() {
  const noted = async (...args) => {
    const response = await fetch(...args)
    noted.id = response.headers.get('x-completion-id') ?? noted.id
    return response
  }
  return noted
}
