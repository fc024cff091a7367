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

  /** To another page as by a tap; nothing is loaded, so that it works without signal. */
  async go(address) {
    await this.page.evaluate((url) => (location.hash = url), address)
    await this.settle()
  }

  /** The page anew, as it is now. */
  async again() {
    await this.page.reload()
    await this.settle()
  }

  /** A picture for what the button asks, as from the album. */
  async shoot(text, bytes, selector = '.wd-button') {
    const button = this.page.locator(selector).filter({ visible: true, hasText: text }).first()
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), button.click({ timeout: PATIENCE_MS })])
    await chooser.setFiles({ name: 'picture.jpg', mimeType: 'image/jpeg', buffer: bytes })
  }

  /** The file that the button gives, saved by the browser. */
  async file(selector, text) {
    const button = this.page.locator(selector).filter({ visible: true, hasText: text }).first()
    const [saved] = await Promise.all([this.page.waitForEvent('download', { timeout: PATIENCE_MS }), button.click({ timeout: PATIENCE_MS })])
    await this.page.locator('.wd-button.is-loading').filter({ visible: true }).first().waitFor({ state: 'hidden', timeout: PATIENCE_MS }) // one file at a time
    return { name: saved.suggestedFilename(), bytes: fs.readFileSync(await saved.path()) }
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

  async go(address) {
    await this.open(address)
  }

  /** The page anew, as it is now. */
  async again() {
    await this.open(await this.page.evaluate(() => {
      const page = globalThis.getCurrentPages().at(-1)
      return `/${page.route}?${new URLSearchParams(page.options)}`
    }))
  }

  /** A picture for what the button asks, as the camera takes it. */
  async shoot(text, bytes, selector = '.wd-button') {
    await this.page.evaluate((picture) => (globalThis.weappPhoto = picture), [...bytes])
    await this.tapText(selector, text)
  }

  /** The file that the button gives, opened in WeChat's viewer or handed to a chat. */
  async file(selector, text) {
    await this.page.evaluate(() => delete globalThis.weappShown)
    await this.tapText(selector, text)
    const shown = await (await this.page.waitForFunction(() => globalThis.weappShown, undefined, { timeout: PATIENCE_MS })).jsonValue()
    return { name: shown.path.split('/').at(-1), bytes: Buffer.from(shown.text, 'base64') }
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
  /** Into the n-th field of the sheet that is open. */
  async fill(text, n = 0) {
    await this.page.locator('.hf-sheet input').filter({ visible: true }).nth(n).fill(text, { timeout: PATIENCE_MS })
    await this.settle()
  },
  /** Whether this phone has a network. */
  async signal(there) {
    await this.page.context().setOffline(!there)
  },
  /** Until nothing of this is to be seen any more. */
  async gone(selector, text = '') {
    await this.page.locator(selector).filter({ visible: true, hasText: text }).first().waitFor({ state: 'hidden', timeout: PATIENCE_MS })
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
