/**
 * Draws the picture of the card that people send on in WeChat, 5 by 4, from the colours of the pages: node tools/share-card.mjs.
 * The picture is committed; run it again only when the look changes.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from '../e2e/browser.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const sprout = 'M12 21V11M12 13c0-5-3-8-8-8 0 5 3 8 8 8zM12 11c0-4 3-6 8-6 0 4-3 7-8 7z'
const browser = await launch()
const page = await browser.newPage({ viewport: { width: 500, height: 400 } })
await page.setContent(`<body style="margin:0;height:400px;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:8px;
  background:#2f6b3c;color:#fff;font-family:'Noto Sans CJK SC',sans-serif">
  <svg width="130" height="130" viewBox="0 0 24 24" fill="none" stroke="#ffe3a0" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"><path d="${sprout}"/></svg>
  <div style="font-size:64px;font-weight:700">禾分</div><div style="font-size:30px;color:#f6ecd2">做好事，攒积分，换日用</div></body>`)
await page.screenshot({ path: path.join(root, 'src/static/share.png') })
await browser.close()
