// Prints the members of OpenAI's "create chat completion" request or, asked for "responses", of its "create
// response", one path a line, and the texts that each may be. It reads them from the types of the npm package.
import { readFileSync } from 'node:fs'

const dir = new URL('node_modules/openai/resources/', import.meta.url)

// declarations returns the interfaces and types of a file by their qualified names.
function declarations(file) {
  const text = readFileSync(new URL(file, dir), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const found = new Map()
  const open = [] // what the line stands in
  for (const line of text.split('\n')) {
    const scope = open.filter((o) => o.name).map((o) => o.name)
    const begins = /^\s*(?:export )?(?:declare )?(interface|namespace|type) (\w+)(?:<.*?>)?(?: extends ([\w., ]+))?(?: =| \{)(.*)$/.exec(line)
    const within = open.at(-1)
    if (begins?.[1] === 'type') {
      found.set([...scope, begins[2]].join('.'), { type: begins[4] })
      if (!begins[4].endsWith(';')) open.push({ kind: 'other' })
    } else if (begins) {
      const name = [...scope, begins[2]].join('.')
      open.push({ kind: begins[1], name: begins[2], members: new Map() })
      if (begins[1] === 'interface') found.set(name, { members: open.at(-1).members, bases: begins[3]?.split(',').map((b) => b.trim()) ?? [], scope })
    } else if (/^\s*\}.*$/.test(line)) {
      const ended = open.pop()
      if (ended?.member) ended.member.type += line.trim()
    } else {
      const member = /^\s*(\w+)\??: (.*)$/.exec(line)
      if (within?.kind === 'interface' && member) {
        const type = { type: member[2].replace(/;$/, '') }
        within.members.set(member[1], type)
        if (/\{$/.test(line)) open.push({ kind: 'other', member: type })
      } else if (/\{$/.test(line)) open.push({ kind: 'other' })
    }
  }
  return found
}

// What is read of each API: the file, how others call it, the types of its request, and the fewest lines there must be.
const apis = {
  chat: ['chat/completions/completions.d.ts', 'ChatCompletionsAPI', 'ChatCompletionCreateParams', 100],
  responses: ['responses/responses.d.ts', 'ResponsesAPI', 'ResponseCreateParams', 300],
}
const [source, alias, request, least] = apis[process.argv[2] ?? 'chat']

const files = { '': declarations(source), Shared: declarations('shared.d.ts') }

// resolve finds a name as it is written within a scope.
function resolve(name, file, scope) {
  const [first, ...rest] = name.split('.')
  if (first === 'Shared') return resolve(rest.join('.'), 'Shared', [])
  if (first === alias) return resolve(rest.join('.'), '', [])
  for (let n = scope.length; n >= 0; n--) {
    const qualified = [...scope.slice(0, n), name].join('.')
    if (files[file].has(qualified)) return { ...files[file].get(qualified), file, name: qualified }
  }
}

// alternatives splits a type at the bars that are in no bracket.
function alternatives(type) {
  const parts = ['']
  let depth = 0
  for (const c of type) {
    if ('<{('.includes(c)) depth++
    if ('>})'.includes(c)) depth--
    if (c === '|' && depth === 0) parts.push('')
    else parts[parts.length - 1] += c
  }
  return parts.map((p) => p.trim()).filter(Boolean)
}

const lines = new Set()

function walk(type, path, file, scope, above) {
  for (const one of alternatives(type.replace(/;$/, ''))) {
    const list = /^(?:Array|ReadonlyArray)<(.*)>$/s.exec(one)
    const text = /^'(.*)'$/.exec(one)
    if (list) walk(list[1], path, file, scope, above)
    else if (text && path !== 'model') lines.add(`${path} = ${text[1]}`) // models come and go
    else if (/^[A-Z][\w.]*$/.test(one)) {
      const found = resolve(one, file, scope)
      if (!found) throw new Error(`${path}: nothing is known of ${one}`)
      if (found.type !== undefined) walk(found.type, path, found.file, found.name.split('.'), above)
      else if (!above.includes(found.name)) members(found, path, [...above, found.name])
    }
  }
}

function members(of, path, above) {
  for (const base of of.bases) members(resolve(base, of.file, of.scope), path, above)
  for (const [name, { type }] of of.members) {
    const at = path ? `${path}.${name}` : name
    lines.add(at)
    walk(type, at, of.file, of.name.split('.'), above)
  }
}

for (const params of ['Base', 'Streaming', 'NonStreaming'].map((kind) => request + kind)) {
  const found = resolve(params, '', [])
  if (!found) throw new Error(`the package has no ${params}`)
  members(found, '', [params])
}
if (lines.size < least) throw new Error(`${lines.size} lines are too few: the types have another form`)
console.log([...lines].sort().join('\n'))
