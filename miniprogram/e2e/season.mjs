/**
 * The year end of the demo village, which was stopped when it was loaded: the first secretary closes last year, with reasons for what is not
 * waited for, publishes a round that has no days for objections, fixes the list and issues it; a household reads why.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

const ROUND = '年度积极户'

/** Whose year is closed on which build: the one closes once. */
const places = { h5: { secretary: '周明远', villager: '罗立新' }, 'mini-program': { secretary: '曾正义', villager: '姚宏林' } }

export async function yearEnd(ui, done) {
  const { secretary, villager } = places[ui.build]
  await ui.enter(roles.secretary, secretary)
  await ui.open('/team/season/index')
  await ui.tapText('.choice', '年')
  await ui.see('.tag', '停了，没结账')
  await ui.tapButton('结账')
  await fill(ui, '核对过了，村民代表会同意不等')
  await ui.tap('.hf-confirm')
  await ui.see('.tag-green', /办完了|结完了/)
  done('第一书记结了去年的账，没等的写了为什么')

  await toRound(ui, ROUND)
  assert.ok((await ui.text('.reason')).length > 3, 'everybody on the draft has a reason')
  await steps(ui, '公布名单', '定名单', '发放')
  const said = await (await ui.see('.notice', '积分已经入账')).innerText()
  assert.match(said, /还有\d+份等人来领/, 'titles wait to be handed over')
  const certificates = await ui.file('.wd-button', '荣誉证书')
  assert.equal(certificates.bytes.subarray(0, 4).toString('latin1'), '%PDF')
  done(`名单公布、定下、发放，存下荣誉证书：${said.trim()}`)

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

  await toRound(ui, '年度幸运户')
  await steps(ui, '公布名单', '定名单')
  await ui.see('.section', '抽签')
  await ui.tapButton('登记抽签')
  await ui.see('.hf-sheet .hf-confirm.is-disabled')
  await ui.fill('06 11 19 23 28 31')
  await ui.fill('双色球当期开奖号码，村委会院里，村民代表12人在场', 1)
  await ui.tap('.hf-confirm')
  await ui.see('.card', '抽出的号码')
  await steps(ui, '发放')
  await ui.see('.tag-green', '发')
  done('幸运户当众抽签：号码登记一次，谁中由号码算出')

  await ui.enter(roles.villager, villager)
  await ui.open('/pages/awards/index')
  await ui.see('.standing', ROUND)
  assert.ok((await ui.text('.standing .reason')).length > 3, 'the household reads why')
  done(`村民看到得没得、为什么：${(await ui.text('.standing .reason')).slice(0, 40)}`)
}

/** A household objects to a list that was published; it is right, and the list is withdrawn to be made anew. */
export async function listObjected(ui, done) {
  await ui.enter(roles.secretary)
  await toRound(ui, '年终积分奖励')
  await steps(ui, '公布名单')
  await ui.enter(roles.villager)
  await ui.open('/pages/awards/index')
  await ui.tapText('.standing .link', '觉得不对，提异议')
  await ui.fill('去年腊月修路的没有算')
  await ui.tapText('.hf-sheet .wd-button', '提出异议')
  await ui.see('.hf-sheet .notice-green', '答复以前名单不会定')
  done('村民对公布的评比名单提了异议')
  await ui.enter(roles.secretary)
  await toRound(ui, '年终积分奖励')
  await ui.see('.notice', '1件异议等答复')
  await ui.tapText('.card .wd-button', '书面答复')
  await ui.tapText('.hf-sheet .choice', '成立，名单要改')
  await ui.fill('查了工账，是漏了，补上')
  await ui.tap('.hf-confirm')
  await ui.see('.notice', '有异议成立')
  await ui.tapButton('撤回名单')
  await ui.fill('补记修路的再公布')
  await ui.tap('.hf-confirm')
  await ui.see('.section', '试算名单')
  done('第一书记书面答复成立，写了原因撤回名单')
}

/** Last year's round of that name. */
async function toRound(ui, name) {
  await ui.open('/team/awards/index')
  await ui.tap('.knob')
  await ui.tapText('.card', name)
  await ui.see('.section-title', '名单')
}

/** Each act is asked about once more in a sheet. */
async function steps(ui, ...names) {
  for (const step of names) {
    await ui.tapButton(step)
    await ui.see('.hf-sheet', step)
    await ui.tap('.hf-confirm')
    await ui.gone('.hf-sheet', step)
  }
}

/** Writes the same into the fields of the sheet, from the n-th on. */
async function fill(ui, text, from = 0) {
  const fields = ui.page.locator('.hf-sheet input').filter({ visible: true })
  await fields.first().waitFor()
  const count = await fields.count()
  for (let i = from; i < count; i++) await fields.nth(i).fill(text)
  await ui.settle()
}
