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
  const chooser = ui.page.waitForEvent('filechooser')
  await ui.tapButton('拍一张照片')
  await (await chooser).setFiles({ name: 'thing.png', mimeType: 'image/png', buffer: Buffer.from(PICTURE, 'base64') })
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
