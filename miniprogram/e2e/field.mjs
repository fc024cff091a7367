/**
 * A day in the hills as a team member lives it: thirty records with photos made without a signal, the pages loaded anew in the
 * middle as after a killed app, then a signal that comes and goes and swallows answers. In the end each is recorded once.
 */
import assert from 'node:assert/strict'
import zlib from 'node:zlib'
import { roles } from './pages.mjs'

const RECORDS = 32
const ITEM = '参加文体活动'

export async function field(ui, done) {
  const context = ui.page.context()
  await ui.enter(roles.team)
  await ui.open('/team/home/index')
  await ui.page.evaluate(async () => {
    await navigator.serviceWorker.ready
    for (let n = 0; n < 50 && !localStorage.getItem('hefen.field.book') && !Object.keys(localStorage).some((k) => k.includes('.book.0')); n++) await new Promise((then) => setTimeout(then, 100))
  })
  const before = await recorded(ui)
  done('有信号时打开工作台，名册和细则存进了手机')

  await context.setOffline(true)
  await reload(ui, '/team/home/index')
  await ui.see('.notice', '现在没有信号')
  await ui.see('.hello')
  done('断了网重新打开，页面还在')

  for (let n = 0; n < RECORDS; n++) {
    await recordOne(ui, n)
    if (n === 11 || n === 23) await reload(ui, '/team/home/index') // killed
  }
  await ui.go('/team/today/index')
  await ui.see('.draft')
  assert.equal(await ui.page.locator('.draft-waiting:visible').count(), RECORDS)
  done(`没有信号记了 ${RECORDS} 条，各带一张照片，中间重开了两次，都在`)

  let seed = 7
  const chance = () => (seed = (seed * 1664525 + 1013904223) % 4294967296) / 4294967296
  let cuts = 0
  await ui.page.route('**/api/**', async (route) => {
    const r = chance()
    if (r < 0.08) {
      cuts++
      return route.abort()
    }
    const answer = await route.fetch().catch(() => undefined)
    if (!answer || r < 0.2) { // the server has done it and nobody hears
      cuts++
      return route.abort()
    }
    return route.fulfill({ response: answer })
  })
  await context.setOffline(false)
  for (let round = 0; round < 60; round++) {
    if (round === 2 || round === 5) await reload(ui, '/team/today/index')
    const waiting = await ui.page.locator('.draft-waiting:visible').count()
    if (waiting === 0 && (await ui.page.locator('.draft:visible').count()) === RECORDS) break
    const button = ui.page.locator('.hf-send:visible')
    if (await button.count()) await button.click().catch(() => undefined)
    await ui.page.waitForTimeout(400)
  }
  await ui.page.unroute('**/api/**')
  await ui.see('.draft-sent')
  assert.equal(await ui.page.locator('.draft-sent:visible').count(), RECORDS, 'all are sent')
  const fresh = await freshOnes(ui, before, RECORDS)
  assert.equal(fresh.length, RECORDS, 'each is recorded once')
  assert.equal(new Set(fresh.map((c) => c.note)).size, RECORDS, 'and none is another')
  assert.ok(fresh.every((c) => c.photos?.length === 1), 'each with its photo')
  const left = await ui.page.evaluate(() => new Promise((give) => {
    const open = indexedDB.open('hefen-photos')
    open.onsuccess = () => {
      const ask = open.result.transaction('photos').objectStore('photos').count()
      ask.onsuccess = () => give(ask.result)
    }
  }))
  assert.equal(left, 0, 'the phone has given its photos away')
  done(`信号时断时续（断了 ${cuts} 次），${RECORDS} 条都记上了，一条不多，一条不少`)

  await ui.go('/pages/settings/index')
  await ui.tapText('.hf-tile', '换一个人用这部手机')
  await ui.tapButton('退出')
  await ui.see('.persona')
  const names = await ui.page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('hefen.field.') || k === 'hefen.me'))
  assert.deepEqual(names, [], 'the list of households is wiped')
  done('退出后，名册从手机里清掉了')
}

/** The same day, shorter, in the compiled mini-program: its pages lie on the phone, so it is killed without signal too. */
export async function fieldOnPhone(ui, done) {
  const few = 6
  await ui.enter(roles.team)
  await ui.open('/team/home/index')
  await ui.page.waitForFunction(() => Object.keys(localStorage).some((k) => k.includes('.book.0')))
  const before = await recorded(ui)
  let signal = 'none'
  let cuts = 0
  await ui.page.route('**/api/**', async (route) => {
    if (signal === 'none' || (signal === 'weak' && cuts < 8 && Math.random() < 0.25)) {
      cuts += signal === 'weak' ? 1 : 0
      if (signal === 'weak' && cuts % 2) await route.fetch().catch(() => undefined) // done, and nobody hears
      return route.abort()
    }
    return route.continue()
  })
  for (let n = 0; n < few; n++) {
    await ui.page.evaluate((bytes) => (globalThis.weappPhoto = bytes), [...picture(n)])
    if (!(await ui.page.locator('.done:visible').count())) await ui.open('/team/record/index')
    await fillRecord(ui, n, () => ui.tapText('.add', '拍照片'))
    if (n === 2) {
      await ui.page.reload() // killed
      await ui.page.waitForLoadState('networkidle')
    }
  }
  await ui.open('/team/today/index')
  await ui.see('.draft')
  assert.equal(await ui.page.locator('.draft-waiting').filter({ visible: true }).count(), few)
  done(`小程序：没有信号记了 ${few} 条带照片的，中间被关掉一次，都在`)
  signal = 'weak'
  for (let round = 0; round < 120 && (await ui.page.locator('.draft-sent').filter({ visible: true }).count()) < few; round++) {
    const button = ui.page.locator('.hf-send').filter({ visible: true })
    if (await button.count()) await button.click().catch(() => undefined)
    await ui.page.waitForTimeout(400)
  }
  await ui.page.unroute('**/api/**')
  const fresh = await freshOnes(ui, before, few)
  assert.equal(fresh.length, few, 'each is recorded once')
  assert.ok(fresh.every((c) => c.photos?.length === 1), 'each with its photo')
  const left = await ui.page.evaluate(() => Object.keys(localStorage).filter((k) => k.includes('hefen-photos')).length)
  assert.equal(left, 0, 'the phone has given its photos away')
  done(`小程序：信号不好（断了 ${cuts} 次），${few} 条都记上了，各一次`)
}

/** Records that were not there before. A note is shown once its text has been checked, a moment after the record is made. */
async function freshOnes(ui, before, wanted) {
  for (let round = 0; ; round++) {
    const fresh = (await recorded(ui)).filter((c) => !before.some((b) => b.id === c.id))
    if ((fresh.length >= wanted && fresh.every((c) => c.note)) || round === 60) return fresh
    await ui.page.waitForTimeout(300)
  }
}

/** This day's records as the server has them: the same person may be recording other things on another phone. */
async function recorded(ui) {
  const cases = await ui.page.evaluate(async () => {
    const token = localStorage.getItem('hefen.token') ?? JSON.parse(localStorage.getItem('mp:hefen.token'))
    const ask = async (path) => (await fetch(`/api${path}`, { headers: { Authorization: `Bearer ${token}` } })).json()
    const { roles } = await ask('/me')
    return (await ask(`/villages/${roles[0].village_id}/cases?mine=true&limit=100`)).items
  })
  return cases.filter((c) => c.item_name === ITEM)
}

async function reload(ui, address) {
  await ui.page.evaluate((url) => (location.hash = url), address)
  await ui.page.reload()
  await ui.settle()
}

async function recordOne(ui, n) {
  if (!(await ui.page.locator('.done:visible').count())) await ui.go('/team/record/index')
  await fillRecord(ui, n, async () => {
    const [chooser] = await Promise.all([ui.page.waitForEvent('filechooser'), ui.tapText('.add', '拍照片')])
    await chooser.setFiles({ name: `p${n}.png`, mimeType: 'image/png', buffer: picture(n) })
  })
}

async function fillRecord(ui, n, takePhoto) {
  if (await ui.page.locator('.done:visible').count()) await ui.tapButton('再记一笔')
  else await ui.tapText('.link', '选哪家')
  await ui.see('.household')
  await ui.tap('.household', n % 20)
  await ui.tapButton('选好了')
  await ui.tapText('.item', ITEM)
  await ui.page.locator('input').filter({ visible: true }).last().fill(`山里第 ${n + 1} 条`)
  await takePhoto()
  await ui.see('.kept-photo')
  await ui.tapButton('看看怎么算')
  await ui.tap('.hf-confirm')
  await ui.see('.done', '记在手机里了')
}

/** A photo unlike the others. */
function picture(n) {
  const [width, height] = [320, 240]
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3
      rows[at] = (x * 3 + n * 7) & 255
      rows[at + 1] = (y * 2 + n * 29) & 255
      rows[at + 2] = ((x ^ y) + n * 53) & 255
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(8 + data.length + 4)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(zlib.crc32(body), 8 + data.length)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}
