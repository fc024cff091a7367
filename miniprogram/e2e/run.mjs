/**
 * End to end against a running demo server: npm run e2e -- --base http://127.0.0.1:8080 --log FILE
 * FILE is the server's log, in which the demo shows the codes that go to phones.
 * The main loop on H5 and on the compiled mini-program, then on every H5 page: nothing wider than the screen at 320 px
 * with the largest letters, no serious finding of axe, nothing loaded from another host. Ends non-zero if any failed.
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { launch } from './browser.mjs'
import { field, fieldOnPhone } from './field.mjs'
import { eventAndVoice } from './event.mjs'
import { cardAndPin, reservation, withoutSignal } from './counter.mjs'
import { phoneLogin, pinLogin } from './login.mjs'
import { loop } from './loop.mjs'
import { claimToNotice } from './notice.mjs'
import { shelf } from './shelf.mjs'
import { pages, roles } from './pages.mjs'
import { H5, serve, Weapp } from './ui.mjs'
import { villagerDay } from './villager.mjs'

const { values } = parseArgs({ options: { base: { type: 'string' }, log: { type: 'string', default: '' }, only: { type: 'string', default: '' } } })
if (!values.base) throw new Error('--base URL of a running demo server is missing')
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let passed = 0
let failed = 0
const strangers = new Set()
const broken = new Set()
const browser = await launch()

await part('loop-h5', async () => {
  const { ui, close } = await person(320, 0)
  await loop(ui, ok).finally(close)
})
await part('loop-mini-program', async () => {
  const { ui, close } = await weappPerson()
  await loop(ui, ok).finally(close)
})
await part('field', async () => {
  const { ui, close } = await person(320, 2)
  await field(ui, ok).finally(close)
})
await part('villager-h5', async () => {
  const { ui, close } = await person(320, 2)
  await villagerDay(ui, ok).finally(close)
})
await part('villager-mini-program', async () => {
  const { ui, close } = await weappPerson()
  await villagerDay(ui, ok).finally(close)
})
await part('event', async () => {
  const [villager, team] = [await person(320, 2), await person(320, 0)]
  await eventAndVoice(villager.ui, team.ui, ok).finally(() => Promise.all([villager.close(), team.close()]))
})
await part('notice', async () => {
  const { ui, close } = await person(320, 2)
  await claimToNotice(ui, ok).finally(close)
})
await part('weight', weight)
await part('field-mini-program', async () => {
  const { ui, close } = await weappPerson()
  await fieldOnPhone(ui, ok).finally(close)
})
await part('shelf', async () => {
  const { ui, close } = await person(320, 2)
  await shelf(ui, ok).finally(close)
})
await part('counter-card', async () => {
  const { ui, close } = await person(320, 2)
  await cardAndPin(ui, ok).finally(close)
})
await part('counter-reservation', async () => {
  const [villager, keeper] = [await person(320, 2), await person(320, 0)]
  await reservation(villager.ui, keeper.ui, ok).finally(() => Promise.all([villager.close(), keeper.close()]))
})
await part('counter-offline', async () => {
  const { ui, close } = await person(320, 2)
  await withoutSignal(ui, ok).finally(close)
})
await part('counter-mini-program', async () => {
  const { ui, close } = await weappPerson()
  await withoutSignal(ui, ok).finally(close)
})
await part('login-phone', async () => {
  if (!values.log) throw new Error('--log FILE of the server is missing')
  const { ui, close } = await person(320, 2)
  await phoneLogin(ui, values.log, ok).finally(close)
})
await part('login-pin', async () => {
  const { ui, close } = await person(320, 2)
  await pinLogin(ui, ok).finally(close)
})
for (const role of ['', ...Object.keys(roles)]) {
  await part(`pages-${role || 'visitor'}`, () => everyPage(role))
}
check(broken.size === 0, `no page breaks its content security policy ${[...broken].join(' ')}`)
await part('policy', policy)
check(strangers.size === 0, `the pages load nothing from other hosts ${[...strangers].join(' ')}`)
await browser.close()
console.log(`e2e: ${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)

function ok(what) {
  passed++
  console.log(`  ok  ${what}`)
}

function check(good, what) {
  if (good) return ok(what)
  failed++
  console.log(`FAIL  ${what}`)
}

/** A part that breaks is one failure; the parts after it run all the same. */
async function part(name, run) {
  if (!name.includes(values.only)) return
  console.log(name)
  try {
    await run()
  } catch (error) {
    check(false, `${name}: ${error.message.slice(0, 600)}`)
  }
}

/** A fresh browser of its own, as another person's phone. */
async function person(width, letters) {
  const context = await browser.newContext({ viewport: { width, height: 780 }, locale: 'zh-CN' })
  await context.addInitScript((step) => {
    if (location.protocol !== 'about:') localStorage.setItem('hefen.letters', JSON.stringify({ type: 'number', data: step }))
  }, letters)
  const page = await context.newPage()
  watch(page, new URL(values.base).origin)
  return { ui: new H5(page, values.base), close: () => context.close() }
}

async function weappPerson() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weapp-'))
  const compiled = path.join(root, 'dist/build/mp-weixin')
  execFileSync('node', [path.join(root, 'tools/weapp/pack.mjs'), compiled, folder], { stdio: 'inherit', cwd: root })
  const server = await serve(folder, values.base)
  const context = await browser.newContext({ viewport: { width: 390, height: 780 }, locale: 'zh-CN' })
  const page = await context.newPage()
  watch(page, server.url)
  const close = async () => {
    await context.close()
    server.close()
    fs.rmSync(folder, { recursive: true, force: true })
  }
  return { ui: new Weapp(page, server.url), close }
}

/** Notes what is asked of other hosts, and prints what breaks in the page. */
function watch(page, origin) {
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) strangers.add(url)
  })
  page.on('console', (line) => {
    if (/Content Security Policy/i.test(line.text())) broken.add(line.text().slice(0, 200))
  })
  page.on('pageerror', (error) => console.log(`      page: ${error.message.slice(0, 300)}`))
}

/** The first page of a new phone: everything that is fetched for it, as it travels. */
async function weight() {
  const { ui, close } = await person(390, 0)
  const network = await ui.page.context().newCDPSession(ui.page)
  let bytes = 0
  await network.send('Network.enable')
  network.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
  await ui.page.goto(`${values.base}/`)
  await ui.settle()
  check(bytes > 20_000 && bytes < 200 * 1024, `the first page travels in ${Math.round(bytes / 1024)} KB, under 200`)
  await close()
}

/** What the server says of the first page: scripts from this server only, none inline but those it names by their hash. */
async function policy() {
  const answer = await fetch(`${values.base}/`)
  const parts = Object.fromEntries((answer.headers.get('content-security-policy') ?? '').split(';').map((p) => {
    const [name, ...rest] = p.trim().split(/\s+/)
    return [name, rest]
  }))
  check(!!parts['script-src'] && parts['script-src'].every((s) => s === "'self'" || /^'sha256-/.test(s)), `scripts: ${parts['script-src']?.join(' ')}`)
  const all = Object.values(parts).flat()
  check(!all.some((s) => /^https?:|\*|unsafe-eval/.test(s)), 'the policy names no other host and no eval')
  check(parts['object-src']?.[0] === "'none'" && parts['frame-ancestors']?.[0] === "'none'", 'no plug-ins, no frames around the pages')
  const page = await answer.text()
  check(!/\son\w+=/i.test(page), 'no script in an attribute of the page')
}

async function everyPage(role) {
  const { ui, close } = await person(320, 2)
  if (role) await ui.enter(roles[role])
  for (const page of pages.filter((p) => p.role === role && p.name !== 'keeper-receipt')) {
    try {
      await ui.open(page.path)
      await page.do?.(ui)
      const words = await ui.page.evaluate(() => document.querySelector('uni-page-body')?.innerText.trim() ?? '')
      check(words.length > 1, `${page.name}: there is something to read`)
      const wide = await ui.page.evaluate(tooWide)
      check(wide.length === 0, `${page.name}: nothing wider than 320 px in the largest letters ${wide.join(' ')}`)
      const small = await ui.page.evaluate(tooSmall)
      check(small.length === 0, `${page.name}: nothing to touch smaller than 44 px ${small.join(' ')}`)
      const findings = await axe(ui.page)
      check(findings.length === 0, `${page.name}: no serious finding of axe ${findings.join(' ')}`)
    } catch (error) {
      check(false, `${page.name}: ${error.message.slice(0, 400)}`)
    }
  }
  await close()
}

/** In the page: elements with something to see that reach beyond the screen. */
function tooWide() {
  const limit = document.documentElement.clientWidth + 0.5
  const found = [...document.querySelectorAll('uni-page-body *')].filter((element) => {
    const box = element.getBoundingClientRect()
    return element.checkVisibility() && !element.closest('uni-resize-sensor') && box.width > 0 && box.height > 0 && (box.right > limit || box.left < -0.5)
  })
  return found.slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${e.className} "${(e.textContent ?? '').slice(0, 20)}"`)
}

/** In the page: what can be tapped but is smaller than a finger. */
function tooSmall() {
  const targets = [...document.querySelectorAll('[role=button], [role=radio], [role=checkbox], .wd-button')]
  const found = targets.filter((element) => {
    const box = element.getBoundingClientRect()
    return element.checkVisibility() && box.width > 0 && (box.width < 43.5 || box.height < 43.5)
  })
  return found.slice(0, 3).map((e) => `${e.className} "${(e.textContent ?? '').slice(0, 12)}"`)
}

async function axe(page) {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(' | ')}`)
}
