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
import { cardAndPin, lostDevice, officerFetches, pause, reservation, reviewFetched, withoutSignal } from './counter.mjs'
import { phoneLogin, pinLogin } from './login.mjs'
import { loop } from './loop.mjs'
import { claimToNotice } from './notice.mjs'
import { cards, files, groupLeader, panelVotes, reviewing, sampling, tellings, town } from './officials.mjs'
import { listObjected, yearEnd } from './season.mjs'
import { keepers, money, ownPrice, pictureAndTransfer, shelf } from './shelf.mjs'
import { pages, roles } from './pages.mjs'
import { H5, PATIENCE_MS, serve, Weapp } from './ui.mjs'
import { villagerDay } from './villager.mjs'

const { values } = parseArgs({ options: { base: { type: 'string' }, log: { type: 'string', default: '' }, only: { type: 'string', default: '' } } })
if (!values.base) throw new Error('--base URL of a running demo server is missing')
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let passed = 0
let failed = 0
const strangers = new Set()
const broken = new Set()
/** Folder of the packed mini-program. */
let packed = ''
const browser = await launch()

/** By name: what one person does on one phone, on either build; what two do on two phones, or on one build only. */
const journeys = {
  ...both('loop', 0, loop),
  ...both('villager', 2, villagerDay),
  ...both('notice', 2, claimToNotice),
  ...both('season', 2, yearEnd),
  ...both('list-objected', 2, listObjected),
  ...both('reviewing', 2, reviewing),
  ...both('panel', 2, panelVotes),
  ...both('sampling', 2, sampling),
  ...both('tellings', 2, tellings),
  ...both('cards', 2, cards),
  ...both('leader', 2, groupLeader),
  ...both('town', 2, town),
  ...both('files', 2, files),
  ...both('shelf', 2, shelf),
  ...both('counter-offline', 2, withoutSignal),
  ...bothTwo('event', 2, 0, eventAndVoice),
  ...bothTwo('counter-reservation', 2, 0, reservation),
  'field-h5': h5(2, field),
  'field-mini-program': weapp(fieldOnPhone),
  'shelf-transfer': h5(2, pictureAndTransfer),
  'shelf-money': h5(2, money),
  'shelf-keepers': h5(2, keepers),
  'shelf-price': h5(2, ownPrice),
  'counter-card': h5(2, cardAndPin),
  'counter-lost': h5Two(2, 0, lostDevice),
  'counter-pause': h5Two(2, 0, pause),
  'counter-officer': h5(2, officerFetches),
  'counter-review': h5(2, reviewFetched),
  'login-phone': h5(2, (ui, ok) => phoneLogin(ui, values.log, ok)),
  'login-pin': h5(2, pinLogin),
  weight,
  policy,
}
for (const role of ['', ...Object.keys(roles)]) journeys[`pages-${role || 'visitor'}`] = (t) => everyPage(role, t)
journeys['pages-mini-program'] = everyPageOfWeapp

const onBoth = (...names) => names.flatMap((name) => [`${name}-h5`, `${name}-mini-program`])

// Side by side goes what does not meet: a team member's records, what one household does and spends, and what officials say of records, each in its order.
await lanes(onBoth('loop'))
await lanes(
  ['field-h5', 'field-mini-program', ...onBoth('reviewing', 'panel', 'sampling', 'tellings', 'town')],
  [...onBoth('villager', 'event', 'notice', 'shelf'), 'shelf-transfer', 'shelf-money', 'shelf-keepers', 'shelf-price', 'counter-card', ...onBoth('counter-reservation', 'counter-offline'), 'counter-lost', 'counter-pause', 'counter-officer', 'counter-review', 'login-phone', 'login-pin', ...onBoth('cards', 'leader', 'season', 'list-objected', 'files')],
)
await lanes(['pages-visitor', 'pages-villager', 'weight'], ['pages-team', 'pages-supervisor', 'policy'], ['pages-secretary', 'pages-keeper', 'pages-mini-program'])
const whole = report()
whole.check(broken.size === 0, `no page breaks its content security policy ${[...broken].join(' ')}`)
whole.check(strangers.size === 0, `the pages load nothing from other hosts ${[...strangers].join(' ')}`)
whole.print()
await browser.close()
if (packed) fs.rmSync(packed, { recursive: true, force: true })
console.log(`e2e: ${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)

/** Lists of journeys: those of one list one after another, the lists side by side. */
async function lanes(...lists) {
  await Promise.all(lists.map(async (names) => {
    for (const name of names) if (name.includes(values.only)) await part(name)
  }))
}

/** A part that breaks is one failure; the parts after it run all the same. */
async function part(name) {
  const t = report(name)
  try {
    await journeys[name](t)
  } catch (error) {
    t.check(false, `${name}: ${error.message.slice(0, 600)}`)
  }
  t.print()
}

/** What one part found, printed in one piece. */
function report(name = 'whole') {
  const begin = Date.now()
  const lines = []
  const ok = (what) => {
    passed++
    lines.push(`  ok  ${what}`)
  }
  const check = (good, what) => {
    if (good) return ok(what)
    failed++
    lines.push(`FAIL  ${what}`)
  }
  return { ok, check, print: () => console.log([`${name} (${Math.round((Date.now() - begin) / 1000)} s)`, ...lines].join('\n')) }
}

/** One journey under two names. */
function both(name, letters, journey) {
  return { [`${name}-h5`]: h5(letters, journey), [`${name}-mini-program`]: weapp(journey) }
}

function bothTwo(name, letters, otherLetters, journey) {
  return { [`${name}-h5`]: h5Two(letters, otherLetters, journey), [`${name}-mini-program`]: weappTwo(journey) }
}

function h5(letters, journey) {
  return async (t) => {
    const { ui, close } = await person(320, letters)
    await journey(ui, t.ok).finally(close)
  }
}

/** Two people, each with a phone. */
function h5Two(letters, otherLetters, journey) {
  return async (t) => {
    const people = [await person(320, letters), await person(320, otherLetters)]
    await journey(people[0].ui, people[1].ui, t.ok).finally(() => Promise.all(people.map((p) => p.close())))
  }
}

function weapp(journey) {
  return async (t) => {
    const { ui, close } = await weappPerson()
    await journey(ui, t.ok).finally(close)
  }
}

function weappTwo(journey) {
  return async (t) => {
    const people = [await weappPerson(), await weappPerson()]
    await journey(people[0].ui, people[1].ui, t.ok).finally(() => Promise.all(people.map((p) => p.close())))
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

/** The compiled mini-program, packed for a browser when first asked for. */
function packedWeapp() {
  if (packed) return packed
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weapp-'))
  execFileSync('node', [path.join(root, 'tools/weapp/pack.mjs'), path.join(root, 'dist/build/mp-weixin'), folder], { stdio: ['ignore', 'ignore', 'inherit'], cwd: root })
  return (packed = folder)
}

async function weappPerson() {
  const server = await serve(packedWeapp(), values.base)
  const context = await browser.newContext({ viewport: { width: 390, height: 780 }, locale: 'zh-CN' })
  const page = await context.newPage()
  watch(page, server.url)
  const close = async () => {
    await context.close()
    server.close()
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
async function weight({ check }) {
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
async function policy({ check }) {
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

async function everyPage(role, { check }) {
  const { ui, close } = await person(320, 2)
  if (role) await ui.enter(roles[role])
  for (const page of pages.filter((p) => p.role === role && p.name !== 'keeper-receipt')) {
    try {
      await ui.open(page.path)
      await page.do?.(ui)
      await ui.page.waitForFunction(() => (document.querySelector('uni-page-body')?.innerText.trim() ?? '').length > 1, undefined, { timeout: PATIENCE_MS })
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

/** Every page of the compiled mini-program says something and breaks nowhere: its compiler may bind what the browser's does not. */
async function everyPageOfWeapp({ check }) {
  const { ui, close } = await weappPerson()
  const thrown = []
  ui.page.on('console', (line) => {
    if (line.type() === 'error' && /TypeError|ReferenceError/.test(line.text())) thrown.push(line.text().slice(0, 120))
  })
  let opened = 0
  for (const role of Object.keys(roles)) {
    await ui.enter(roles[role])
    for (const page of new Set(pages.filter((p) => p.role === role).map((p) => p.path.split('?')[0]))) {
      thrown.length = 0
      try {
        await ui.open(page)
        const said = (await ui.page.locator('.page-box').filter({ visible: true }).last().innerText()).trim()
        if (thrown.length || said.length < 2) check(false, `${page}: ${thrown[0] ?? 'nothing to read'}`)
        opened++
      } catch (error) {
        check(false, `${page}: ${error.message.slice(0, 200)}`)
      }
    }
  }
  check(opened > 60, `${opened} pages of the compiled mini-program say something and break nowhere`)
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
