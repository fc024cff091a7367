/**
 * Draws the tab bar's signs from src/components/icons.ts as PNG (WeChat takes no SVG there): node tools/tab-icons.mjs.
 * The pictures are committed; run it again only when a drawing or a colour changes.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import esbuild from 'esbuild'
import { launch } from '../e2e/browser.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const { code } = await esbuild.transform(fs.readFileSync(path.join(root, 'src/components/icons.ts'), 'utf8'), { loader: 'ts' })
const { icons } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
const signs = { home: icons.book, goods: icons.basket, boards: icons.board, mine: icons.person }

const browser = await launch()
const page = await browser.newPage({ viewport: { width: 81, height: 81 } })
for (const [name, drawing] of Object.entries(signs)) {
  for (const [suffix, color] of [['', '#5E5A4A'], ['-on', '#2F6B3C']]) {
    await page.setContent(
      `<body style="margin:0"><svg width="81" height="81" viewBox="-3 -3 30 30" fill="none" stroke="${color}" ` +
        `stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="${drawing}"/></svg>`,
    )
    await page.screenshot({ path: path.join(root, `src/static/tab/${name}${suffix}.png`), omitBackground: true })
  }
}
await browser.close()
