/**
 * A person's hands on either build: the H5 pages in a browser, or the compiled mini-program in the harness. Both are
 * driven by classes and words, because ids and test attributes do not survive the compiler.
 */
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'

export const PATIENCE_MS = 20_000
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png' }

/** H5: every page is opened by its address, as from a bookmark. */
export class H5 {
  constructor(page, base) {
    Object.assign(this, { page, base, build: 'h5' })
  }

  /** As a person of the demo, by the role's name on the card and perhaps a word of the card. */
  async enter(roleName, word = '') {
    await this.open('/pages/enter/index')
    const card = this.page.locator('.persona:visible').filter({ has: this.page.locator(`.tag:text-is("${roleName}")`) })
    await (word ? card.filter({ hasText: word }) : card).first().click({ timeout: PATIENCE_MS })
    await this.page.waitForURL((url) => !url.hash.includes('pages/enter'), { timeout: PATIENCE_MS })
    await this.settle()
  }

  async open(address) {
    const leave = () => this.page.goto('about:blank')
    await leave().catch(leave) // what the page was about to open by itself may come between
    await this.page.goto(`${this.base}/#${address}`)
    await this.settle()
  }
}

/** The compiled mini-program: its pages are opened by the harness, the app stays the same. */
export class Weapp {
  constructor(page, base) {
    Object.assign(this, { page, base, build: 'mini-program' })
  }

  async enter(roleName, word = '') {
    await this.page.goto(this.base)
    await this.page.evaluate(() => localStorage.clear())
    await this.page.reload()
    await this.open('/pages/enter/index')
    const card = this.page.locator('.persona:visible').filter({ hasText: roleName })
    await (word ? card.filter({ hasText: word }) : card).first().click({ timeout: PATIENCE_MS })
    await this.page.waitForFunction(() => !location.hash.includes('pages/enter'), undefined, { timeout: PATIENCE_MS })
    await this.settle()
  }

  async open(address) {
    await this.page.evaluate((url) => globalThis.weappOpen(url), address)
    await this.settle()
  }
}

const hands = {
  /** The n-th of what is to be seen; waits until it is there. */
  at(selector, n = 0) {
    return this.page.locator(selector).filter({ visible: true }).nth(n)
  },
  async see(selector, text = '') {
    const found = this.page.locator(selector).filter({ visible: true, hasText: text }).first()
    await found.waitFor({ timeout: PATIENCE_MS })
    return found
  },
  async tap(selector, n = 0) {
    await this.at(selector, n).click({ timeout: PATIENCE_MS })
    await this.settle()
  },
  async tapText(selector, text) {
    const found = this.page.locator(selector).filter({ visible: true, hasText: text }).first()
    await found.click({ timeout: PATIENCE_MS })
    await this.settle()
  },
  /** The button itself: its label alone does not take the tap in the mini-program. */
  async tapButton(text) {
    await this.tapText('.wd-button', text)
  },
  /** Into the n-th field of the page. */
  async type(text, n = 0) {
    await this.page.locator('input').filter({ visible: true }).nth(n).fill(text, { timeout: PATIENCE_MS })
    await this.settle()
  },
  async text(selector, n = 0) {
    return (await this.at(selector, n).innerText({ timeout: PATIENCE_MS })).trim()
  },
  /** Hundredths of a point as they stand on the page. */
  async points(selector, n = 0) {
    const match = /[−-]?[\d,]+(?:\.\d+)?/.exec(await this.text(selector, n))
    if (!match) throw new Error(`no number in ${selector}`)
    return Math.round(Number(match[0].replace(/,/g, '').replace('−', '-')) * 100)
  },
  /** Until nothing is on its way and no skeleton stands in a page's place. */
  async settle() {
    await this.page.waitForLoadState('networkidle')
    await this.page.waitForFunction(() => ![...document.querySelectorAll('.hf-state')].some((e) => e.offsetParent), undefined, {
      timeout: PATIENCE_MS,
    })
  },
}

Object.assign(H5.prototype, hands)
Object.assign(Weapp.prototype, hands)

/** Serves a folder, and /api from the server under test: the mini-program's harness needs one origin for both. */
export async function serve(folder, apiBase) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (pathname.startsWith('/api')) return pass(request, response, apiBase)
    const file = path.join(folder, pathname === '/' ? 'index.html' : path.normalize(pathname))
    if (!fs.existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream' })
    fs.createReadStream(file).pipe(response)
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

function pass(request, response, apiBase) {
  const target = new URL(request.url, apiBase)
  const headers = { ...request.headers, host: target.host, origin: undefined, referer: undefined }
  for (const name of Object.keys(headers)) if (headers[name] === undefined) delete headers[name]
  const onward = http.request(target, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.writeHead(502).end())
  request.pipe(onward)
}
