/**
 * Pictures of all pages for people to look at: npm run screenshots -- --base http://127.0.0.1:8080
 * --role, --look and --only (part of a page's name) take fewer.
 * They are written to screenshots/<width>[-large]/<page>.png at 320 and 390 px, with the usual and the largest letters.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { parseArgs } from 'node:util'
import { launch } from './browser.mjs'
import { pages, roles, states } from './pages.mjs'
import { H5 } from './ui.mjs'

const { values } = parseArgs({ options: { base: { type: 'string' }, only: { type: 'string', default: '' }, role: { type: 'string' }, look: { type: 'string', default: '' } } })
if (!values.base) throw new Error('--base URL of a running demo server is missing')
const folder = fileURLToPath(new URL('../screenshots/', import.meta.url))
const looks = [
  { name: '390', width: 390, letters: 0 },
  { name: '320', width: 320, letters: 0 },
  { name: '390-large', width: 390, letters: 2 },
  { name: '320-large', width: 320, letters: 2 },
]

const HEIGHT = 780
const TALLEST = 6000

/** The window as tall as the page, so that what is fixed to its edges stands there and not in the middle of the picture. */
async function whole(page, width) {
  if (await page.locator('.hf-sheet').filter({ visible: true }).count()) return false // a sheet belongs to the window as it is
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ width, height: Math.min(Math.max(height, HEIGHT), TALLEST) })
  await page.waitForTimeout(100)
  return true
}

const browser = await launch()
let failed = 0
for (const look of looks.filter((l) => (values.look === '' || l.name === values.look))) {
  fs.mkdirSync(path.join(folder, look.name), { recursive: true })
  for (const role of ['', ...Object.keys(roles)].filter((r) => values.role === undefined || r === values.role)) {
    const context = await browser.newContext({ viewport: { width: look.width, height: HEIGHT }, deviceScaleFactor: 2, locale: 'zh-CN' })
    await context.addInitScript((letters) => {
      if (location.protocol !== 'about:') localStorage.setItem('hefen.letters', JSON.stringify({ type: 'number', data: letters }))
    }, look.letters)
    const ui = new H5(await context.newPage(), values.base)
    if (role) await ui.enter(roles[role])
    for (const page of [...pages, ...states].filter((p) => p.role === role && p.name.includes(values.only))) {
      try {
        await ui.open(page.path)
        await page.do?.(ui)
        await ui.page.waitForTimeout(350) // sheets slide in
        const fullPage = await whole(ui.page, look.width)
        await ui.page.screenshot({ path: path.join(folder, look.name, `${page.name}.png`), fullPage })
        await ui.page.setViewportSize({ width: look.width, height: HEIGHT })
      } catch (error) {
        failed++
        console.error(`${look.name}/${page.name}: ${String(error).slice(0, 300)}`)
      }
    }
    await context.close()
  }
  console.log(`${look.name}: done`)
}
await browser.close()
process.exit(failed ? 1 : 0)
