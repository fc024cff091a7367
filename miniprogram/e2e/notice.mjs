/**
 * From a good deed to the notice: a villager claims one with a photo, those who review agree, a team member looks at what would be put
 * before the village and publishes it, the villager finds the own line on the notice and objects to it.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

export async function claimToNotice(ui, done) {
  await ui.enter(roles.villager)
  const item = await claim(ui)
  done(`带着照片申报了“${item}”`)

  let reviews = 0
  for (const role of [roles.team, roles.secretary]) {
    await ui.enter(role)
    await ui.open('/team/reviews/index')
    reviews += await approve(ui, item)
  }
  assert.ok(reviews > 0, 'somebody may agree to the claim')
  done(`审核${reviews}次，都同意`)

  await ui.enter(roles.team)
  await ui.open('/team/publish/index')
  await ui.tapText('.choice', '本月到今天')
  await ui.tapButton('先看看榜上有什么')
  await ui.see('.card .title', '条')
  const said = await ui.text('.card .title')
  await ui.tapButton('公示这')
  await ui.see('.title', '公示好了')
  done(`驻村队员看过再公示：${said}`)

  await ui.enter(roles.villager)
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
}

/** Claims the first deed that asks for a photo and for nothing else. */
async function claim(ui) {
  await ui.open('/pages/claim/index')
  await ui.see('.item')
  const card = ui.page.locator('.item').filter({ visible: true, hasText: /凭据：.*照片/ }).first()
  const item = (await card.locator('.title').innerText()).trim()
  await card.click()
  await ui.settle()
  const button = ui.page.locator('.wd-button').filter({ visible: true, hasText: '拍照片' }).first()
  const [chooser] = await Promise.all([ui.page.waitForEvent('filechooser'), button.click()])
  await chooser.setFiles({ name: 'deed.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(await photo(ui), 'base64') })
  await ui.see('.hf-shots', '已存好')
  await ui.tap('.hf-confirm')
  await ui.see('.sent', '交上去了')
  return item
}

/** Agrees to the claim if it waits for this person; how often it was agreed to. */
async function approve(ui, item) {
  const card = ui.page.locator('.case-card').filter({ visible: true, hasText: item })
  const count = await card.count()
  if (!count) return 0
  await card.first().locator('.wd-button').first().click()
  await ui.settle()
  return 1
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
