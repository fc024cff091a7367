/**
 * The main loop as three people live it: a team member records a deed by a rule of the village; the household sees the
 * entry with its reason and the new balance, and the board has moved; the keeper exchanges soap for points, the stock
 * falls, and the board has not moved.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

const THING = '肥皂'

/** Runs the loop on one build and calls done(what) after each thing that was seen to be so. */
export async function loop(ui, done) {
  await ui.enter(roles.villager)
  const before = await household(ui)
  done(`户主看到余额 ${before.balance / 100} 分、今年 ${before.score / 100} 分`)

  await ui.enter(roles.team)
  const award = await record(ui, before.number)
  done(`驻村队员按“${award.item}”给 ${before.number} 号户记 ${award.points / 100} 分`)

  await ui.enter(roles.villager)
  const rich = await household(ui)
  assert.equal(rich.balance, before.balance + award.points, 'the award is in the balance')
  assert.equal(rich.score, before.score + award.points, 'the award is in the score of the year')
  await ui.open('/pages/passbook/index')
  assert.ok((await ui.text('.hf-entry')).includes(award.item), 'the entry names the rule')
  assert.ok((await ui.text('.hf-entry .reason')).length > 2, 'the entry gives its reason')
  done('户主看到这笔得分和缘由，余额和今年得分都加上了')
  assert.equal(rich.boardAmount, before.boardAmount + award.points, 'the award moved the board')
  done('排行跟着得分变了')

  await ui.enter(roles.keeper)
  const sale = await redeem(ui, before.number)
  assert.equal(sale.left, rich.balance - sale.price, 'the receipt shows what is left')
  if (ui.build === 'mini-program' && (await ui.page.evaluate(async () => (await fetch('/static/voice/done.mp3')).ok))) {
    await ui.page.waitForFunction(() => globalThis.weappHeard?.length > 1)
    const heard = await ui.page.evaluate(() => globalThis.weappHeard)
    assert.deepEqual(heard?.slice(0, 2), ['/static/voice/done.mp3', '/static/voice/spent.mp3'], 'the result is read aloud from recordings')
  }
  done(`超市管理员给这家换了${THING}，凭条上剩 ${sale.left / 100} 分`)
  assert.equal(await stockOf(ui, before.number), sale.stock - 1, 'the stock fell by one')
  done(`${THING}的库存少了一件`)

  await ui.enter(roles.villager)
  const poor = await household(ui)
  assert.equal(poor.balance, rich.balance - sale.price, 'the redemption is in the balance')
  assert.equal(poor.score, rich.score, 'spending leaves the score')
  assert.equal(poor.boardAmount, rich.boardAmount, 'spending leaves the board')
  assert.equal(poor.boardRank, rich.boardRank, 'spending leaves the rank')
  done('花了积分，排行没有变')
}

/** What the household's people see of themselves. */
async function household(ui) {
  await ui.open('/pages/mine/index')
  const number = /户号\s*(\S+)/.exec(await ui.text('.household'))?.[1]
  assert.ok(number, 'the household has a number')
  await ui.open('/pages/home/index')
  const balance = await ui.points('.huge')
  const score = await ui.points('.fact .big')
  await ui.open('/pages/boards/index')
  const boardAmount = await ui.points('.board-mine .score')
  const boardRank = await ui.text('.board-mine .rank')
  return { number, balance, score, boardAmount, boardRank }
}

/** Records the first rule that takes effect at once and still gives something to this household. */
async function record(ui, number) {
  await ui.open('/team/record/index')
  await ui.tapText('.link', '选哪家')
  await ui.type(number)
  await ui.see('.household', number)
  await ui.tapText('.household', number)
  await ui.tapButton('选好了')
  for (let n = 0; ; n++) {
    if (n) await ui.tapText('.link', '换一件事')
    await ui.see('.item')
    const direct = ui.page.locator('.item').filter({ visible: true, hasText: '记上就生效' }).nth(n)
    assert.ok(await direct.count(), 'some rule still gives points')
    const item = (await direct.locator('.title').innerText()).trim()
    await direct.click()
    await ui.settle()
    await ui.tapButton('看看怎么算')
    await ui.see('.decision, .notice-brick')
    const points = (await ui.page.locator('.decision').count()) ? await ui.points('.decision .sum') : 0
    if (points > 0) {
      await ui.tap('.hf-confirm')
      await ui.see('.done')
      return { item, points }
    }
    if (await ui.page.locator('.decision').count()) await ui.tapButton('回去改')
  }
}

async function redeem(ui, number) {
  await toShelf(ui, number)
  const stock = await stockHere(ui)
  const card = goods(ui)
  const price = Math.round(Number((await card.locator('.price').innerText()).replace(/[^\d.]/g, '')) * 100)
  await card.locator('.more .knob').click()
  await ui.tapButton('下一步')
  await ui.tap('.hf-confirm')
  await ui.see('.paper')
  const left = await ui.points('.paper .sum', 1)
  return { stock, price, left }
}

async function stockOf(ui, number) {
  await toShelf(ui, number)
  return stockHere(ui)
}

async function toShelf(ui, number) {
  await ui.open('/keeper/home/index')
  await ui.type(number)
  await ui.tapButton('找这家')
  await ui.see('.goods')
}

const goods = (ui) => ui.page.locator('.goods').filter({ visible: true, hasText: THING }).first()

async function stockHere(ui) {
  return Number(/还剩\s*(\d+)/.exec(await goods(ui).innerText())?.[1] ?? 0)
}
