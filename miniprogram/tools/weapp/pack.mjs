/**
 * Packs a compiled WeChat mini-program so that it runs in a browser on WeChat's open component framework, glass-easel:
 *
 *     node tools/weapp/pack.mjs <compiled directory> <output directory>
 *
 * The output is a page (index.html) with the templates compiled, the modules wrapped, the styles joined, and the runtime.
 * It shows that logic, data flow, templates and events of the compiled output work; it is not WeChat: no native
 * components, no two threads, only the few wx.* calls of runtime/wx.js.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import esbuild from 'esbuild'

const { TmplGroup } = createRequire(import.meta.url)('glass-easel-template-compiler')
const here = path.dirname(fileURLToPath(import.meta.url))
const [source, target] = process.argv.slice(2)
if (!source || !target) throw new Error('usage: pack.mjs <compiled directory> <output directory>')

const read = (file) => fs.readFileSync(path.join(source, file), 'utf8')
const exists = (file) => fs.existsSync(path.join(source, file))
const readJson = (file) => (exists(file) ? JSON.parse(read(file)) : {})

const app = JSON.parse(read('app.json'))
const pages = [
  ...app.pages,
  ...(app.subPackages ?? app.subpackages ?? []).flatMap((pack) => pack.pages.map((page) => `${pack.root}/${page}`)),
]
const files = fs
  .readdirSync(source, { recursive: true })
  .filter((file) => fs.statSync(path.join(source, file)).isFile())

const components = collectComponents()
const { templates, errors } = compileTemplates()
if (errors.length) {
  console.error(errors.join('\n'))
  process.exit(1)
}
const modules = await wrapModules()
const styles = joinStyles()
await writeOutput()
console.log(`packed ${pages.length} pages, ${Object.keys(components).length} components`)

/** All components that the pages reach, by path, with the paths of those they use made absolute. */
function collectComponents() {
  const found = {}
  const visit = (component) => {
    if (found[component]) return
    const config = readJson(`${component}.json`)
    found[component] = config
    const using = {}
    for (const [tag, ref] of Object.entries({ ...app.usingComponents, ...config.usingComponents })) {
      const resolved = resolveComponent(component, ref)
      using[tag] = `/${resolved}`
      visit(resolved)
    }
    config.usingComponents = using
  }
  pages.forEach(visit)
  return found
}

function resolveComponent(from, ref) {
  const resolved = ref.startsWith('/') ? ref.slice(1) : path.posix.join(path.posix.dirname(from), ref)
  if (!exists(`${resolved}.json`)) throw new Error(`${from} uses ${ref}, which is not in the output`)
  return resolved
}

/** glass-easel wants event bindings with a colon; otherwise the templates are taken as they are. */
function compileTemplates() {
  const group = new TmplGroup()
  const errors = []
  for (const file of files) {
    if (file.endsWith('.wxs')) group.addScript(file.slice(0, -4), read(file))
    if (!file.endsWith('.wxml')) continue
    const text = read(file).replace(/(\s(?:capture-|mut-)?(?:bind|catch))([a-zA-Z_][\w-]*)=/g, '$1:$2=')
    for (const warning of group.addTmpl(file.slice(0, -5), text) ?? []) {
      if (warning.isError) errors.push(`${warning.path}:${warning.startLine}: ${warning.message}`)
    }
  }
  return { templates: group.getTmplGenObjectGroups(), errors }
}

async function wrapModules() {
  const wrapped = []
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const { code } = await esbuild.transform(read(file), { format: 'cjs' })
    wrapped.push(`${JSON.stringify(file)}: function (module, exports, require) {\n${code}\n}`)
  }
  return wrapped.join(',\n')
}

/** One style sheet: imports inlined once, rpx as parts of the window's width, `page` as body. */
function joinStyles() {
  const seen = new Set()
  const sheet = (file) => {
    if (seen.has(file) || !exists(file)) return ''
    seen.add(file)
    return read(file)
      .replace(/@import\s+(?:url\()?["']([^"']+)["']\)?\s*;/g, (_, ref) =>
        sheet(ref.startsWith('/') ? ref.slice(1) : path.posix.join(path.posix.dirname(file), ref)),
      )
      .replace(/(-?\d*\.?\d+)rpx/g, 'calc($1 * 100vw / 750)')
  }
  const all = [sheet('app.wxss'), ...Object.keys(components).map((c) => sheet(`${c}.wxss`))].join('\n')
  return all.replace(/(^|[\s,}>+~])page(?=[\s,{.:])/g, '$1body')
}

async function writeOutput() {
  fs.rmSync(target, { recursive: true, force: true })
  fs.mkdirSync(target, { recursive: true })
  const data = [
    `app: ${JSON.stringify(app)}`,
    `pages: ${JSON.stringify(pages)}`,
    `components: ${JSON.stringify(components)}`,
    `templates: ${templates}`,
    `modules: {${modules}}`,
  ]
  fs.writeFileSync(path.join(target, 'app-data.js'), `globalThis.weappData = {\n${data.join(',\n')}\n}`)
  fs.writeFileSync(path.join(target, 'app.css'), styles)
  fs.copyFileSync(path.join(here, 'index.html'), path.join(target, 'index.html'))
  fs.copyFileSync(path.join(here, 'base.css'), path.join(target, 'base.css'))
  if (exists('static')) fs.cpSync(path.join(source, 'static'), path.join(target, 'static'), { recursive: true })
  await esbuild.build({
    entryPoints: [path.join(here, 'runtime/index.js')],
    bundle: true,
    outfile: path.join(target, 'runtime.js'),
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"development"' },
  })
}
