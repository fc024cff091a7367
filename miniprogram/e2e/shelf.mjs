/**
 * Receiving and counting as a keeper lives it: twelve pieces come in and the stock says so; the shelf is counted one short, the
 * difference wants its reason, and after the stock-take the stock is what was counted.
 */
import assert from 'node:assert/strict'
import { as } from './login.mjs'
import { roles } from './pages.mjs'

const THING = '肥皂'

export async function shelf(ui, done) {
  await ui.enter(roles.keeper)
  const before = await toGoods(ui)
  await ui.tapButton('进货')
  await ui.see('.hf-sheet')
  await ui.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('12')
  await ui.tap('.hf-confirm')
  await ui.see('.notice', '进货记好了')
  await ui.page.waitForFunction((old) => [...document.querySelectorAll('.stock-now .huge')].some((e) => e.offsetParent && parseInt(e.textContent) !== old), before) // fetched anew after the notice
  const after = Number(/\d+/.exec(await ui.text('.stock-now .huge'))[0])
  assert.equal(after, before + 12, 'twelve came in')
  done(`进货12，库存从 ${before} 到 ${after}`)

  await ui.open('/keeper/stocktake/index')
  await ui.tapButton('开始盘点')
  await ui.see('.counting')
  await ui.tapText('.goods', THING)
  await ui.see('.hf-sheet')
  const fields = () => ui.page.locator('.hf-sheet input').filter({ visible: true })
  await fields().first().fill(String(after - 1))
  await fields().nth(1).fill('少一块，找不到')
  await ui.tap('.hf-confirm')
  await ui.see('.tag-brick', '少1')
  await ui.tapButton('数完了')
  await ui.see('.notice', '盘点入账')
  done('盘点少一块，写了原因，当即入账')
  assert.equal(await toGoods(ui), after - 1, 'the stock is what was counted')
  done(`库存是数到的 ${after - 1}`)
}

/** Opens the goods from the list of stock and says how many there are. */
async function toGoods(ui) {
  await ui.open('/keeper/stock/index')
  await ui.tapText('.goods', THING)
  return Number(/\d+/.exec(await ui.text('.stock-now .huge'))[0])
}

/** A red picture of 8 × 8 points. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC'

/**
 * A keeper of two shops: goods get their picture, are made in the other shop too, and three pieces are moved there, after which each
 * shop has what the other has not; the move is found in the goods' history.
 */
export async function pictureAndTransfer(ui, done) {
  const secretary = await as(ui.base, roles.secretary)
  const keeper = await as(ui.base, roles.keeper)
  const village = secretary.me.roles[0].village_id
  const branch = await secretary.write(`/villages/${village}/shops`, { name: `便民点${Date.now() % 10000}` })
  const term = await secretary.write(`/villages/${village}/roles`, { role: 'keeper', user_id: keeper.me.user_id, shop_id: branch.id })
  const there = `/villages/${village}/shops/${branch.id}`
  await keeper.write(`${there}/goods`, { name: THING, unit: '块', price: 500 })

  await ui.enter(roles.keeper)
  const before = await toGoods(ui)
  await ui.tapButton('改商品资料')
  await ui.shoot('拍一张照片', Buffer.from(PICTURE, 'base64'))
  await ui.see('.photo')
  await ui.tap('.hf-confirm')
  await toGoods(ui)
  await ui.see('.photo')
  done('给商品拍了照片，保存后看得见')

  await ui.tapButton('调到别的超市')
  await ui.see('.hf-sheet')
  await ui.tapText('.hf-sheet .choice', branch.name)
  const fields = () => ui.page.locator('.hf-sheet input').filter({ visible: true })
  await fields().first().fill('3')
  await fields().last().fill('那边缺货')
  await ui.tap('.hf-confirm')
  await ui.see('.notice', `现在有 ${before - 3}`)
  const { items } = await keeper.ask(`${there}/stock`)
  assert.equal(items.find((g) => g.name === THING).stock, 3, 'three arrived')
  done(`调3块到${branch.name}，这边 ${before - 3}，那边 3`)
  await ui.tapButton('进出流水')
  await ui.see('.card', '那边缺货')
  done('流水里有这一笔，写着为什么')

  await secretary.write(`/villages/${village}/roles/${term.id}/end`, {})
  await secretary.write(there, { state: 'closed' })
}

/**
 * The money behind the shelf: what a keeper received is paid from a fund by somebody else, stands in the fund's book, is taken back
 * there and waits to be paid again; the payment of a store's statement is taken back and entered anew.
 */
export async function money(ui, done) {
  const keeper = await as(ui.base, roles.keeper)
  const team = await as(ui.base, roles.team)
  const { village_id: village, shop_id: shop } = keeper.me.roles[0]
  const { items } = await keeper.ask(`/villages/${village}/shops/${shop}/stock`)
  const goods = items.find((g) => g.name === THING)
  const fund = async () => (await team.ask(`/villages/${village}/funds`)).funds[0]
  await team.write(`/villages/${village}/funds/${(await fund()).id}/income`, { amount_fen: 100_00, note: '村集体转入' })
  const before = (await fund()).balance_fen
  const cost = `${20 + (Date.now() % 50)}.50`
  await keeper.write(`/villages/${village}/shops/${shop}/goods/${goods.id}/moves`, { kind: 'purchase', qty: 7, cost_fen: Math.round(Number(cost) * 100), origin: '镇上批发部' })

  await ui.enter(roles.team)
  await ui.open('/team/funds/unpaid')
  const waits = () => ui.page.locator('.card').filter({ visible: true, hasText: `${cost}元` })
  await waits().locator('.wd-button').click()
  await ui.see('.hf-sheet', `${THING} 7${goods.unit}`)
  await ui.tap('.hf-confirm')
  await ui.see('.notice', '货款登记好了')
  await waits().waitFor({ state: 'detached' })
  assert.equal((await fund()).balance_fen, before - Math.round(Number(cost) * 100), 'the fund paid')
  done(`管理员收的货，队员从资金付了 ${cost} 元`)

  await ui.open('/team/funds/index')
  await ui.tapButton('看流水')
  await ui.see('.card', `出 ${cost}元`)
  await ui.page.locator('.card').filter({ visible: true, hasText: `出 ${cost}元` }).locator('.wd-button').first().click()
  await ui.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('选错了资金')
  await ui.tap('.hf-confirm')
  await ui.see('.notice-green', '余额已经改回来')
  await ui.see('.card', '已撤销')
  assert.equal((await fund()).balance_fen, before, 'the fund has it back')
  await ui.open('/team/funds/unpaid')
  await ui.see('.card', `${cost}元`)
  done('付款撤销了，钱回到资金，货等着重新付款')

  await ui.enter(roles.secretary)
  await ui.open('/team/statements/index')
  const paid = () => ui.page.locator('.statement').filter({ visible: true, has: ui.page.locator('.link') }).first()
  const month = /\d+年\d+月/.exec(await paid().innerText())[0]
  await paid().locator('.link').click()
  await ui.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('选错了资金')
  await ui.tap('.hf-confirm')
  await ui.see('.notice-green', '待付款')
  const again = ui.page.locator('.statement').filter({ visible: true, hasText: month })
  await again.locator('.wd-button').filter({ hasText: '登记付款' }).click()
  await ui.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('转账，凭证5号')
  await ui.tap('.hf-confirm')
  await ui.see('.notice-green', '已付款')
  done(`${month}的结算付款撤销后重新登记`)
}

/**
 * Who keeps a shop: the first secretary sees until when, is told when a number is nobody's, and ends a term, after which the counter
 * of that shop refuses.
 */
export async function keepers(ui, done) {
  const secretary = await as(ui.base, roles.secretary)
  const keeper = await as(ui.base, roles.keeper)
  const village = secretary.me.roles[0].village_id
  const branch = await secretary.write(`/villages/${village}/shops`, { name: `代销点${Date.now() % 10000}` })
  await secretary.write(`/villages/${village}/roles`, { role: 'keeper', user_id: keeper.me.user_id, shop_id: branch.id, to_day: `${new Date().getFullYear() + 1}-03-01` })
  const stock = () => keeper.ask(`/villages/${village}/shops/${branch.id}/stock`)
  await stock()

  await ui.enter(roles.secretary)
  await ui.open('/team/shops/index')
  await ui.page.locator('.shop').filter({ visible: true, hasText: branch.name }).locator('.wd-button').filter({ hasText: '管理员' }).click()
  await ui.see('.card', '2月28日')
  done('看得到谁当管理员、管到哪天')
  await ui.tapButton('请一位管理员')
  const fields = () => ui.page.locator('.hf-sheet input').filter({ visible: true })
  await fields().first().fill('13900000000')
  await fields().nth(1).fill('某人')
  await ui.tap('.hf-confirm')
  await ui.see('.hf-sheet .notice-brick', '没有找到这位用户')
  await ui.tapButton('先不办')
  done('没登录过的手机号，说请对方先登录')
  await ui.tapButton('不再当管理员')
  await ui.tap('.hf-confirm')
  await ui.see('.notice-green', '不再当管理员了')
  await assert.rejects(stock, /40[13]/)
  done('任期结束，当时就不能再看库存')
  await secretary.write(`/villages/${village}/shops/${branch.id}`, { state: 'closed' })
}

/** A village's own price: the goods say so, the history says who set it, and the keeper takes it back, after which the price for all holds. */
export async function ownPrice(ui, done) {
  const keeper = await as(ui.base, roles.keeper)
  const { village_id: village, shop_id: shop } = keeper.me.roles[0]
  const goods = async () => (await keeper.ask(`/villages/${village}/shops/${shop}/stock`)).items.find((g) => g.name === THING)
  const before = await goods()
  await keeper.write(`/villages/${village}/shops/${shop}/goods/${before.id}/prices`, { price: before.price + 100, village })

  await ui.enter(roles.keeper)
  await toGoods(ui)
  await ui.see('.card', '本村单独定的')
  await ui.tapButton('历次价格')
  await ui.see('.card', `一个村单独的价 · 值 ${before.worth_fen / 100}元 · ${keeper.me.name}定`)
  done('看得到本村单独定的价、谁定的')
  await ui.tapButton('改回大家的价格')
  await ui.see('.notice-green', `现在 ${before.price / 100}分`)
  await ui.see('.card', '停用')
  const after = await goods()
  assert.equal(after.price, before.price, 'the price for all holds again')
  assert.equal(after.own_price, false)
  done('改回来了，大家的价格又算数')
}
