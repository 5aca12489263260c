// Prints the routes of OpenAI's and of Anthropic's API, one a line, as their npm packages ask for them. What stands
// in a path for a value is {}.
import { readdirSync, readFileSync } from 'node:fs'

// What the paths of each package begin with, and the fewest routes there must be.
const packages = { openai: ['/v1', 200], '@anthropic-ai/sdk': ['', 30] }

const lines = new Set()
for (const [name, [prefix, least]] of Object.entries(packages)) {
  const dir = new URL(`node_modules/${name}/`, import.meta.url)
  const found = new Set()
  for (const file of readdirSync(dir, { recursive: true })) {
    if (!/^(resources|lib)\/.*\.mjs$/.test(file)) continue
    const text = readFileSync(new URL(file, dir), 'utf8')
    for (const [, method, path] of text.matchAll(/client\s*\.(get|post|put|patch|delete|getAPIList)\((?:path *)?[`']([^`']*)[`']/g)) {
      const verb = method === 'getAPIList' ? 'GET' : method.toUpperCase()
      found.add(`${verb} ${prefix}${path.replace(/\$\{[^}]*\}/g, '{}').replace(/\?.*$/, '')}`)
    }
  }
  if (found.size < least) throw new Error(`${found.size} routes of ${name} are too few: the package has another form`)
  for (const line of found) lines.add(line)
}
console.log([...lines].sort().join('\n'))
