/**
 * The year end of the demo village, which was stopped when it was loaded: the first secretary closes last year, with reasons for what is not
 * waited for, publishes a round that has no days for objections, fixes the list and issues it; a household reads why.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

const ROUND = '年度积极户'

export async function yearEnd(ui, done) {
  await ui.enter(roles.secretary)
  await ui.open('/team/season/index')
  await ui.tapText('.choice', '年')
  await ui.see('.tag', '停了，没结账')
  await ui.tapButton('结账')
  await fill(ui, '核对过了，村民代表会同意不等')
  await ui.tap('.hf-confirm')
  await ui.see('.tag-green', '办完了')
  done('第一书记结了去年的账')

  await ui.tapButton('去办评比')
  await ui.tap('.knob')
  await ui.tapText('.card', ROUND)
  await ui.see('.section-title', '试算名单')
  assert.ok((await ui.text('.reason')).length > 3, 'everybody on the draft has a reason')
  for (const step of ['公布名单', '定名单', '发放']) {
    await ui.tapButton(step)
    await ui.see('.hf-sheet', step)
    await ui.tap('.hf-confirm')
  }
  const said = await (await ui.see('.notice', '积分已经入账')).innerText()
  assert.match(said, /还有\d+份等人来领/, 'titles wait to be handed over')
  await ui.see('.wd-button', '荣誉证书')
  done(`名单公布、定下、发放：${said.trim()}`)

  await ui.tapText('.choice', '已领')
  await ui.see('.hf-sheet', '登记已领')
  await fill(ui, '年终评比签收表第1页', 1)
  await ui.tap('.hf-confirm')
  await ui.tapText('.choice', '领过的')
  await ui.tapText('.link', '登记错了，撤销')
  await fill(ui, '登记到别人家名下了')
  await ui.tap('.hf-confirm')
  await ui.see('.hf-page', '还没有')
  done('领奖登记一户，登记错了，当天撤销')

  await ui.enter(roles.villager)
  await ui.open('/pages/awards/index')
  await ui.see('.standing', ROUND)
  assert.ok((await ui.text('.standing .reason')).length > 3, 'the household reads why')
  done(`村民看到得没得、为什么：${(await ui.text('.standing .reason')).slice(0, 40)}`)
}

/** Writes the same into the fields of the sheet, from the n-th on. */
async function fill(ui, text, from = 0) {
  const fields = ui.page.locator('.hf-sheet input').filter({ visible: true })
  await fields.first().waitFor()
  const count = await fields.count()
  for (let i = from; i < count; i++) await fields.nth(i).fill(text)
  await ui.settle()
}
