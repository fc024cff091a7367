/**
 * The counter as villagers and keepers live it, at 320 px: a card and a PIN for a dear basket, with the result spoken; goods
 * reserved on the phone and fetched with the pick-up code; a keeper without signal, who takes a lease, redeems against signatures
 * and brings everything back.
 */
import assert from 'node:assert/strict'
import { as, cardOf } from './login.mjs'
import { roles } from './pages.mjs'

const THING = '食盐'
const PIN = '384916'

/** The first villager's household with a fresh card and some points to spend, as the server knows it. */
async function household(base) {
  const card = await cardOf(base)
  const villager = await as(base, roles.villager)
  const path = `/villages/${card.village}/households/${card.household}`
  const book = async () => (await villager.ask(`${path}/passbook`)).spendable
  return { ...card, path, villager, book, name: villager.me.memberships[0].household_name }
}

/** Sets the terms of the village's shop for a while. */
async function terms(base, change) {
  const secretary = await as(base, roles.secretary)
  const village = secretary.me.roles[0].village_id
  const { items } = await secretary.ask(`/villages/${village}/shops`)
  const path = `/villages/${village}/shops/${items.find((s) => s.kind === 'own').id}/terms`
  const old = await secretary.ask(path)
  const put = (body) => secretary.put(path, { ...old, ...body })
  await put(change)
  return () => put({})
}

/** What the browser is told to say lands in a list. */
async function listen(ui) {
  await ui.page.addInitScript(() => {
    globalThis.said = []
    const voice = { speak: (words) => globalThis.said.push(words.text), cancel: () => undefined, getVoices: () => [{ lang: 'zh-CN' }] }
    Object.defineProperty(globalThis, 'speechSynthesis', { value: voice, configurable: true })
    globalThis.SpeechSynthesisUtterance = class {
      constructor(text) {
        this.text = text
      }
    }
  })
}

export async function cardAndPin(ui, done) {
  const home = await household(ui.base)
  await home.villager.write(`${home.path}/pin`, { pin: PIN })
  const restore = await terms(ui.base, { proof_above: 500 })
  const before = await home.book()
  await listen(ui)
  await ui.enter(roles.keeper)
  await ui.open('/keeper/home/index')
  await ui.type('HF1-0000000000000000000000')
  await ui.tapButton('找这家')
  await ui.see('.notice-brick', '不是本村的')
  done('别处的卡，说不认识')
  await ui.type(`http://127.0.0.1/k/${home.code}`)
  await ui.tapButton('找这家')
  await ui.see('.who', '扫积分卡来的')
  done('照卡上的码找到这一户')
  const row = () => ui.page.locator('.goods').filter({ visible: true, hasText: THING }).first()
  await row().locator('.more .knob').click()
  await row().locator('.more .knob').click()
  await ui.tapButton('下一步')
  await ui.see('.hf-sheet', '要核对是不是本人')
  assert.ok(await ui.page.locator('.hf-confirm.is-disabled').count(), 'nothing is confirmed before the proof')
  const field = ui.page.locator('.hf-sheet input').filter({ visible: true }).first()
  await field.fill('000000')
  await ui.tapButton('核对密码')
  await ui.see('.hf-sheet .notice-brick', '还可以试')
  done('密码错了，说还能试几次')
  await field.fill(PIN)
  await ui.tapButton('核对密码')
  await ui.see('.hf-sheet', '密码对了')
  await ui.tap('.hf-confirm')
  await ui.see('.paper', '凭积分卡，核对了登录密码')
  assert.equal(await home.book(), before - 600, 'two bags of salt')
  done('密码对了，换好了，凭条上写着怎么核对的')
  const said = await ui.page.evaluate(() => globalThis.said)
  assert.match(said.join(), /兑换成功，.*扣除6分，还剩/)
  done(`念出来：${said[0]}`)
  await restore()
}

export async function reservation(villager, keeper, done) {
  const home = await household(villager.base)
  const before = await home.book()
  await villager.enter(roles.villager)
  const reserve = async () => {
    await villager.open('/pages/goods/index')
    const row = villager.page.locator('.goods').filter({ visible: true, hasText: THING }).first()
    await row.locator('.knob').nth(1).click()
    await villager.tapButton('请超市留着')
    await villager.tap('.hf-confirm')
    await villager.see('.waiting .code')
    return (await villager.text('.waiting .code')).replace(/\D/g, '')
  }
  const code = await reserve()
  assert.match(code, /^\d{6}$/)
  assert.equal(await home.book(), before - 300, 'the points are held')
  done('村民预约了食盐，积分留住，看到取货码')

  await keeper.enter(roles.keeper)
  await keeper.open('/keeper/pickup/index')
  await keeper.type(code === '000000' ? '000001' : '000000')
  await keeper.tapButton('找这个预约')
  await keeper.see('.notice-brick', '没有找到这个预约')
  await keeper.type(code)
  await keeper.tapButton('找这个预约')
  await keeper.see('.hf-sheet', '取货码对上了')
  await keeper.tap('.hf-confirm')
  await keeper.see('.paper', '领取预约')
  done('报取货码，领走了，出了凭条')
  await villager.open('/pages/reservations/index')
  await villager.see('.tag-green', '已领取')
  assert.equal(await home.book(), before - 300, 'nothing is paid twice')

  await reserve()
  await villager.tapButton('不要了，取消')
  await villager.tap('.hf-confirm')
  await villager.see('.notice-green', '3分退回来了')
  assert.equal(await home.book(), before - 300, 'the points are back')
  done('再预约一次又取消，积分退回来了')
}

export async function withoutSignal(ui, done) {
  const home = await household(ui.base)
  const before = await home.book()
  await ui.enter(roles.keeper)
  await ui.open('/keeper/offline/index')
  await ui.tapButton('领一次离线兑换')
  await ui.see('.notice-green', '领好了')
  done('有信号时领了离线兑换')
  await ui.page.context().setOffline(true)
  await ui.type('HF1-0000000000000000000000')
  await ui.tapButton('找这家')
  await ui.see('.notice-brick', '名单里没有')
  await ui.type(home.code)
  await ui.tapButton('找这家')
  await ui.see('.who', home.number)
  await ui.page.locator('.goods').filter({ visible: true, hasText: THING }).first().locator('.more .knob').click()
  assert.ok(await ui.page.locator('.hf-confirm.is-disabled').count(), 'nothing without a signature')
  await ui.tapText('.sign', '签字')
  await ui.tap('.hf-confirm')
  await ui.see('.sale', '记在手机里')
  done('断了网，凭卡和签字记下一笔')
  await ui.tapButton('有信号了，交回')
  await ui.see('.notice-brick', '都还记在手机里')
  done('没有信号时交不了，说还记在手机里')
  await ui.page.context().setOffline(false)
  await ui.tapButton('有信号了，交回')
  await ui.see('.sale .tag-green', '入账了')
  assert.equal(await home.book(), before - 300, 'the salt is paid')
  done('有信号了，交回入账，积分扣了一次')
  await ui.tapButton('交回离线兑换')
  await ui.see('.notice-green', '别的手机可以领了')
  await ui.tapButton('收好了')
  await ui.see('.wd-button', '领一次离线兑换')
  done('离线兑换交回，收好')
}

/** A device that holds the village's lease is lost: the first secretary ends it, and the device finds out when it has signal again. */
export async function lostDevice(keeper, secretary, done) {
  await keeper.enter(roles.keeper)
  await keeper.open('/keeper/offline/index')
  await keeper.tapButton('领一次离线兑换')
  await keeper.see('.notice-green', '领好了')
  await secretary.enter(roles.secretary)
  await secretary.open('/keeper/leases/index')
  await secretary.see('.lease .tag-green', '正在用')
  await secretary.tapButton('结束它')
  await secretary.tap('.hf-confirm')
  await secretary.see('.notice-green', '别的手机可以领了')
  done('第一书记看到哪台手机领着离线兑换，结束了它')
  await keeper.open('/keeper/home/index')
  await keeper.open('/keeper/offline/index')
  await keeper.see('.notice-green', '别人结束了')
  await keeper.tapButton('收好了')
  await keeper.see('.wd-button', '领一次离线兑换')
  done('那台手机有信号时知道了，收好，可以再领')
}

/** The first secretary pauses the shop: the keeper reads why nothing is given out, until it is opened again. */
export async function pause(secretary, keeper, done) {
  await secretary.enter(roles.secretary)
  await secretary.open('/team/shops/index')
  await secretary.tapButton('柜台规则')
  await secretary.see('.hf-sheet', '要核对是不是本人')
  await secretary.tapButton('不改了')
  await secretary.tapButton('暂停兑换')
  await secretary.see('.hf-sheet')
  await secretary.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('盘点')
  await secretary.tap('.hf-confirm')
  await secretary.see('.notice-green', '暂停了')
  await keeper.enter(roles.keeper)
  await keeper.open('/keeper/home/index')
  await keeper.see('.notice-brick', '盘点')
  done('第一书记暂停兑换，柜台上写着为什么')
  await secretary.tapButton('恢复兑换')
  await secretary.see('.notice-green', '恢复兑换了')
  await keeper.open('/keeper/today/index')
  await keeper.open('/keeper/home/index')
  await keeper.see('.section', '哪家来换')
  assert.equal(await keeper.page.locator('.notice-brick').filter({ visible: true }).count(), 0)
  done('恢复以后柜台照常')
}

/** Somebody of the team, who lives elsewhere, fetches for a household: chosen with a tap, held to the paper slip, told to the household. */
export async function officerFetches(ui, done) {
  const home = await household(ui.base)
  const before = await home.book()
  await ui.enter(roles.keeper)
  await ui.open('/keeper/home/index')
  await ui.type(`http://127.0.0.1/k/${home.code}`)
  await ui.tapButton('找这家')
  await ui.see('.who', '扫积分卡来的')
  await ui.page.locator('.goods').filter({ visible: true, hasText: THING }).first().locator('.more .knob').click()
  await ui.tapButton('下一步')
  await ui.tapText('.hf-sheet .link', '登记代领人')
  await ui.tapText('.hf-sheet .choice', '干部')
  await ui.see('.officer', '驻村队员')
  await ui.tapText('.officer', '驻村队员')
  await ui.see('.hf-sheet', '来代领（干部）')
  await ui.tapText('.hf-sheet .choice', '签字')
  await ui.tap('.hf-sheet .tick')
  await ui.tap('.hf-confirm')
  await ui.see('.paper', '代领人：')
  await ui.see('.paper', '（驻村队员）')
  assert.equal(await home.book(), before - 300, 'one bag of salt')
  const { items } = await home.villager.ask(`${home.path}/redemptions`)
  assert.equal(items[0].agent.relation_name, '驻村队员', 'the household sees who fetched')
  done('驻村队员替一户代领，点一下名字就选好，这一户看得到')
}

/** Whoever watches over the villages looks at what was fetched for others: one is in order, and then again doubtful, with the reason. */
export async function reviewFetched(ui, done) {
  const secretary = await as(ui.base, roles.secretary)
  await ui.enter(roles.supervisor)
  await ui.open(`/team/agents/index?village=${secretary.me.roles[0].village_id}`)
  await ui.see('.agency')
  await ui.tapButton('没有问题')
  await ui.see('.agency .tag-green', '没有问题')
  done('督导核对了一笔代领，没有问题')
  await ui.tapButton('有疑问')
  await ui.see('.hf-sheet')
  await ui.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('户主说没有请人')
  await ui.tap('.hf-confirm')
  await ui.see('.agency .tag-brick', '有疑问')
  await ui.see('.agency', '户主说没有请人')
  done('又觉得有疑问，写下了原因')
}
