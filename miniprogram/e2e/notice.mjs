/**
 * From a good deed to the notice: a villager claims one with a photo, those who review agree, a team member looks at what would be put
 * before the village and publishes it, the villager finds the own line on the notice and objects to it. Another official answers without signal, and
 * the villager reads the answer.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

/** Who does it on which build: what one household has claimed it cannot claim again on the same day. */
const people = { h5: '罗立新', 'mini-program': '李大勇' }

export async function claimToNotice(ui, done) {
  const villager = people[ui.build]
  await ui.enter(roles.villager, villager)
  const item = await claim(ui)
  done(`带着照片申报了“${item}”`)

  let reviewer = ''
  for (const role of [roles.team, roles.secretary]) {
    if (reviewer) break
    await ui.enter(role)
    await ui.open('/team/reviews/index')
    if (await approve(ui, item, villager)) reviewer = role
  }
  assert.ok(reviewer, 'somebody may agree to the claim')
  done(`${reviewer}审核，同意`)

  await ui.enter(roles.team)
  await ui.open('/team/publish/index')
  await ui.tapText('.choice', '本月到今天')
  await ui.tapButton('先看看榜上有什么')
  await ui.see('.card .title', '条')
  const said = await ui.text('.card .title')
  await ui.tapButton('公示这')
  await ui.see('.title', '公示好了')
  done(`驻村队员看过再公示：${said}`)
  await ui.tapButton('打开这张榜')
  for (const [word, how] of [['存长图', '\x89PNG'], ['存 PDF', '%PDF']]) {
    const file = await ui.file('.wd-button', word)
    assert.equal(file.bytes.subarray(0, 4).toString('latin1'), how, file.name)
  }
  done('存下长图发群、PDF 张贴')

  await ui.enter(roles.villager, villager)
  await ui.open('/pages/notices/index')
  await ui.see('.tag-green', '可以提异议')
  await ui.tap('.card')
  await ui.see('.section-title', '公示明细')
  await ui.tapText('.choice', '我家的')
  await ui.tapText('.ruled', item)
  await ui.see('.hf-sheet', item)
  await ui.tapButton('觉得不对，提异议')
  await ui.tapText('.choice', '分数不对')
  await ui.page.locator('input').filter({ visible: true }).first().fill('那天做了两回，只记了一回')
  await ui.tap('.hf-confirm')
  await ui.see('.notice-green', '交上去了')
  done('村民在公示榜上找到自家的一条，提了异议')
  await ui.open('/pages/objections/index')
  await ui.see('.objection', '做了两回')
  await ui.see('.objection .tag', '处理中')
  done('我的异议里写着处理中，哪天前答复')

  await ui.enter(reviewer === roles.team ? roles.secretary : roles.team)
  await ui.open('/team/objections/index')
  const theirs = `.objection:has-text("${item}"):has-text("做了两回")`
  await ui.see(theirs, '处理并答复')
  await ui.page.waitForFunction(() => Object.keys(localStorage).some((k) => k.includes('.case.')))
  await ui.signal(false)
  await ui.tapText(`${theirs} .wd-button`, '处理并答复')
  await ui.tapText('.hf-sheet .choice', '维持')
  await ui.fill('问了两位邻居，那天是一回')
  await ui.tap('.hf-confirm')
  await ui.see('.verdict', '已答复“维持”，等着送')
  await ui.signal(true)
  await ui.gone('.verdict', '等着送')
  done('另一位没有信号时答复：维持；有信号了自己送到')
  await ui.enter(roles.villager, villager)
  await ui.open('/pages/objections/index')
  await ui.see('.objection', '问了两位邻居')
  done('村民看到书面答复')
}

/** Claims the first deed that asks for a photo and for nothing else. */
async function claim(ui) {
  await ui.open('/pages/claim/index')
  await ui.see('.item')
  const card = ui.page.locator('.item').filter({ visible: true, hasText: /凭据：.*照片/ }).first()
  const item = (await card.locator('.title').innerText()).trim()
  await card.click()
  await ui.settle()
  await ui.shoot('拍照片', Buffer.from(await photo(ui), 'base64'))
  await ui.see('.hf-shots', '已存好')
  await ui.tap('.hf-confirm')
  await ui.see('.sent', '交上去了')
  return item
}

/** Agrees to the claim if it waits for this person, and waits until the village has the word. */
async function approve(ui, item, name) {
  const card = ui.page.locator('.case-card').filter({ visible: true, hasText: item }).filter({ hasText: name }).first()
  if (!(await card.count())) return false
  await card.locator('.wd-button', { hasText: /^同意$/ }).click()
  await card.waitFor({ state: 'hidden' })
  return true
}

/** A picture that no other has: the server refuses the same photo twice. */
function photo(ui) {
  return ui.page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
    const pen = canvas.getContext('2d')
    for (let n = 0; n < 60; n++) {
      pen.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`
      pen.fillRect(Math.random() * 600, Math.random() * 440, 90, 70)
    }
    return canvas.toDataURL('image/jpeg', 0.85).split(',')[1]
  })
}
