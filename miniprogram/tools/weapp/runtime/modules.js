/** CommonJS over the packed files: each runs once, paths are relative to the file that asks. */
export function createModules(sources) {
  const cache = {}

  function load(file) {
    if (cache[file]) return cache[file].exports
    const source = sources[file]
    if (!source) throw new Error(`module not found: ${file}`)
    const module = (cache[file] = { exports: {} })
    const folder = file.split('/').slice(0, -1)
    source(module, module.exports, (ref) => load(find(folder, ref, file)))
    return module.exports
  }

  function find(folder, ref, from) {
    const base = ref.startsWith('/') ? [] : [...folder]
    for (const part of ref.split('/')) {
      if (part === '..') base.pop()
      else if (part && part !== '.') base.push(part)
    }
    const path = base.join('/')
    const found = [path, `${path}.js`, `${path}/index.js`].find((candidate) => sources[candidate])
    if (!found) throw new Error(`cannot require ${ref} from ${from}`)
    return found
  }

  return { load }
}
