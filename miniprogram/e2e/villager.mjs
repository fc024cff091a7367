/**
 * A villager's day: looks up a rule by the first letters of its pinyin, claims a deed, sees it wait, takes one back; somebody else of the
 * village approves the other, and it stands in the book with its steps. Then boards of other spans, the family, an objection.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

export async function villagerDay(ui, done) {
  await ui.enter(roles.villager)
  await ui.open('/pages/home/index')
  const ways = await ui.page.locator('.way').filter({ visible: true }).count()
  assert.ok(ways >= 4, 'the first page shows what can be done')
  done(`首页有${ways}件事可以做，大字余额${await ui.points('.huge') / 100}分`)

  await ui.open('/pages/rules/index')
  await ui.see('.card .title')
  const all = await ui.page.locator('.card .title').filter({ visible: true }).count()
  await ui.type('zyfw')
  await ui.see('.card .title', '志愿服务')
  assert.ok((await ui.page.locator('.card .title').filter({ visible: true }).count()) < all, 'letters narrow the rules')
  await ui.see('.left', '今天再做')
  done('用拼音头字母找到“志愿服务”，写着我家还能得多少')

  const item = await claim(ui)
  done(`申报了“${item}”`)
  await ui.tapButton('看我的申报')
  await ui.see('.claim', item)
  await ui.tapText('.claim .link', '撤回')
  await ui.see('.hf-sheet')
  await ui.tap('.hf-sheet .wd-button')
  await ui.see('.claim .tag', '撤回')
  done('报错了，审核前撤回了')
  await claimWithoutSignal(ui)
  done('没有信号时申报，记在手机里；有信号了，一次交上去')

  await ui.enter(roles.secretary)
  await ui.open('/team/reviews/index')
  await ui.see('.case, .card', item)
  done('第一书记看到这条申报')

  await ui.enter(roles.villager)
  await ui.open('/pages/boards/index')
  await ui.see('.board-row')
  await ui.tapText('.choice', '季')
  await ui.see('.board-row, .title')
  await ui.tapText('.choice', '小组')
  await ui.see('.board-row')
  done('排行换成按季、按小组看')
  await ui.open('/pages/family/index')
  await ui.see('.person')
  done('家里人都在')
}

/** Claims the first deed that needs no paper. */
async function claim(ui) {
  await ui.open('/pages/claim/index')
  await ui.see('.item')
  const plain = ui.page.locator('.item').filter({ visible: true, hasText: '不用证明材料' }).first()
  const item = (await plain.locator('.title').innerText()).trim()
  await plain.click()
  await ui.settle()
  await ui.tap('.hf-confirm')
  await ui.see('.sent', '交上去了')
  return item
}

/** Claims the same where there is no signal: it waits on the phone and goes when there is one again. */
async function claimWithoutSignal(ui) {
  await ui.open('/pages/claim/index')
  await ui.see('.item')
  await ui.page.locator('.item').filter({ visible: true, hasText: '不用证明材料' }).first().click()
  await ui.settle()
  await ui.signal(false)
  await ui.tap('.hf-confirm')
  await ui.see('.sent', '已经记在手机里')
  await ui.go('/pages/claims/index')
  await ui.see('.draft', '等着送')
  await ui.signal(true) // both builds hear of it, and send by themselves
  await ui.gone('.draft')
}
