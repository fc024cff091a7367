/**
 * Receiving and counting as a keeper lives it: twelve pieces come in and the stock says so; the shelf is counted one short, the
 * difference wants its reason, and after the stock-take the stock is what was counted.
 */
import assert from 'node:assert/strict'
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
  await ui.tapButton('点完了')
  await ui.see('.notice', '盘点入账')
  done('盘点少一块，写了原因，当即入账')
  assert.equal(await toGoods(ui), after - 1, 'the stock is what was counted')
  done(`库存是点到的 ${after - 1}`)
}

/** Opens the goods from the list of stock and says how many there are. */
async function toGoods(ui) {
  await ui.open('/keeper/stock/index')
  await ui.tapText('.goods', THING)
  return Number(/\d+/.exec(await ui.text('.stock-now .huge'))[0])
}
