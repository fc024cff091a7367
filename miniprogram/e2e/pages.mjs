/** All pages by the role that sees them, for screenshots and for the checks that every page must pass. */

import fs from 'node:fs'
import { URL } from 'node:url'

export const roles = { villager: '村民', team: '驻村队员', secretary: '第一书记', keeper: '超市管理员', supervisor: '镇县督导' }

/** Those whose pages are opened as another role's. */
export const others = { panel: '评议小组成员', watch: '村务监督员', county: '县级管理员' }

/** do brings a page into the state worth looking at, beyond opening it. */
const known = [
  { name: 'enter', role: '', path: '/pages/enter/index' },
  { name: 'login-phone', role: '', path: '/pages/login/phone' },
  { name: 'login-code', role: '', path: '/pages/login/phone', do: askForCode },
  { name: 'login-pin', role: '', path: '/pages/login/pin', do: wrongPin },
  { name: 'privacy', role: '', path: '/pages/privacy/index' },
  { name: 'home', role: 'villager', path: '/pages/home/index' },
  { name: 'passbook', role: 'villager', path: '/pages/passbook/index' },
  { name: 'passbook-case', role: 'villager', path: '/pages/passbook/index', do: openEntry },
  { name: 'notices', role: 'villager', path: '/pages/notices/index' },
  { name: 'notices-one-open', role: 'villager', path: '/pages/notices/index', do: openNotice },
  { name: 'claim', role: 'villager', path: '/pages/claim/index' },
  { name: 'claim-form', role: 'villager', path: '/pages/claim/index', do: fillClaim },
  { name: 'claim-peer', role: 'villager', path: '/pages/claim/index?way=peer' },
  { name: 'claims', role: 'villager', path: '/pages/claims/index' },
  { name: 'family', role: 'villager', path: '/pages/family/index' },
  { name: 'goods', role: 'villager', path: '/pages/goods/index' },
  { name: 'code', role: 'villager', path: '/pages/code/index', do: (ui) => ui.see('.code') },
  { name: 'reservations', role: 'villager', path: '/pages/reservations/index' },
  { name: 'receipts', role: 'villager', path: '/pages/receipts/index' },
  { name: 'wishes', role: 'villager', path: '/pages/wishes/index' },
  { name: 'boards', role: 'villager', path: '/pages/boards/index' },
  { name: 'boards-month', role: 'villager', path: '/pages/boards/index', do: lastMonth },
  { name: 'rules', role: 'villager', path: '/pages/rules/index' },
  { name: 'mine', role: 'villager', path: '/pages/mine/index' },
  { name: 'bind', role: 'villager', path: '/pages/bind/index' },
  { name: 'login-who', role: 'villager', path: '/pages/login/who' },
  { name: 'settings', role: 'villager', path: '/pages/settings/index' },
  { name: 'settings-pin', role: 'villager', path: '/pages/settings/pin' },
  { name: 'settings-sessions', role: 'villager', path: '/pages/settings/sessions' },
  { name: 'settings-data', role: 'villager', path: '/pages/settings/data' },
  { name: 'settings-close', role: 'villager', path: '/pages/settings/data', do: askToClose },
  { name: 'messages', role: 'villager', path: '/pages/messages/index' },
  { name: 'seal', role: 'villager', path: '/pages/passbook/index', do: (ui) => linkTo(ui, '.link', '核对封账', '.hf-entry') },
  { name: 'hide', role: 'villager', path: '/pages/passbook/index', do: hideEntry },
  { name: 'activities', role: 'villager', path: '/pages/activities/index' },
  { name: 'activities-sign', role: 'villager', path: '/pages/activities/index', do: (ui) => linkTo(ui, '.wd-button', '签到', '.hf-sheet') },
  { name: 'voices', role: 'villager', path: '/pages/voices/index', do: (ui) => linkTo(ui, '.choice', '村里公开的', '.voice-card') },
  { name: 'voices-form', role: 'villager', path: '/pages/voices/index', do: (ui) => linkTo(ui, '.wd-button', '我要说一件事', '.hf-sheet') },
  { name: 'goods-keep', role: 'villager', path: '/pages/goods/index', do: keepGoods },
  { name: 'boards-class', role: 'villager', path: '/pages/boards/index', do: (ui) => linkTo(ui, '.wd-button', '换一类', '.hf-sheet') },
  { name: 'settings-out', role: 'villager', path: '/pages/settings/index', do: (ui) => linkTo(ui, '.hf-tile', '换一个人用', '.hf-sheet') },
  { name: 'objection', role: 'villager', path: '/pages/notices/index', do: objectForm },
  { name: 'objections', role: 'villager', path: '/pages/notices/index', do: object },
  { name: 'team-home', role: 'team', path: '/team/home/index' },
  { name: 'team-households', role: 'team', path: '/team/households/index', do: pickHousehold },
  { name: 'team-items', role: 'team', path: '/team/items/index' },
  { name: 'team-record', role: 'team', path: '/team/record/index', do: fillRecord },
  { name: 'team-preview', role: 'team', path: '/team/record/index', do: previewRecord },
  { name: 'team-inspection', role: 'team', path: '/team/inspection/index' },
  { name: 'team-inspection-list', role: 'team', path: '/team/inspection/index', do: beginInspection },
  { name: 'team-today', role: 'team', path: '/team/today/index' },
  { name: 'team-links', role: 'team', path: '/team/links/index' },
  { name: 'team-faults', role: 'team', path: '/team/faults/index' },
  { name: 'team-reviews', role: 'secretary', path: '/team/reviews/index' },
  { name: 'team-objections', role: 'secretary', path: '/team/objections/index' },
  { name: 'team-objection-noted', role: 'team', path: '/team/cases/index', do: noteObjection },
  { name: 'team-votes', role: 'team', path: '/team/votes/index' },
  { name: 'team-cards', role: 'team', path: '/team/cards/index' },
  { name: 'team-cards-one', role: 'team', path: '/team/cards/index', do: pickCard },
  { name: 'team-tellings', role: 'secretary', path: '/team/tellings/index' },
  { name: 'team-samples', role: 'secretary', path: '/team/samples/index' },
  { name: 'team-bindings', role: 'team', path: '/team/bindings/index' },
  { name: 'team-cases', role: 'team', path: '/team/cases/index' },
  { name: 'team-pin', role: 'team', path: '/team/pin/index' },
  { name: 'team-pin-house', role: 'team', path: '/team/pin/index', do: openPin },
  { name: 'team-minicode', role: 'team', path: '/team/minicode/index' },
  { name: 'keeper-home', role: 'keeper', path: '/keeper/home/index' },
  { name: 'keeper-basket', role: 'keeper', path: '/keeper/home/index', do: fillBasket },
  { name: 'keeper-confirm', role: 'keeper', path: '/keeper/home/index', do: confirmBasket },
  { name: 'keeper-receipt', role: 'keeper', path: '/keeper/home/index', do: redeem },
  { name: 'keeper-today', role: 'keeper', path: '/keeper/today/index' },
  { name: 'keeper-stock', role: 'keeper', path: '/keeper/stock/index' },
  { name: 'keeper-goods', role: 'keeper', path: '/keeper/stock/index', do: openGoods },
  { name: 'keeper-receive', role: 'keeper', path: '/keeper/stock/index', do: receiveGoods },
  { name: 'keeper-stocktake', role: 'keeper', path: '/keeper/stocktake/index', do: beginStocktake },
  { name: 'keeper-day', role: 'keeper', path: '/keeper/day/index' },
  { name: 'team-figures', role: 'team', path: '/team/figures/index', do: sawFigures },
  { name: 'team-quiet', role: 'team', path: '/team/quiet/index' },
  { name: 'region-objections', role: 'supervisor', path: '/team/region/index', do: openRaised },
  { name: 'region-figures', role: 'supervisor', path: '/team/region/index', do: sawFigures },
  { name: 'region-town', role: 'supervisor', path: '/team/town/index' },
  { name: 'region-raised', role: 'supervisor', path: '/team/raised/index' },
  { name: 'team-voice-for', role: 'team', path: '/team/voices/index', do: speakFor },
  { name: 'keeper-pickup', role: 'keeper', path: '/keeper/pickup/index' },
  { name: 'keeper-collect', role: 'keeper', path: '/keeper/pickup/index', do: askToCollect },
  { name: 'keeper-offline', role: 'keeper', path: '/keeper/offline/index' },
  { name: 'keeper-plan', role: 'keeper', path: '/keeper/plan/index' },
  { name: 'keeper-edit', role: 'keeper', path: '/keeper/stock/edit' },
  { name: 'keeper-prices', role: 'keeper', path: '/keeper/stock/index', do: goodsPrices },
  { name: 'keeper-moves', role: 'keeper', path: '/keeper/stock/index', do: openMoves },
  { name: 'team-statements', role: 'team', path: '/team/statements/index' },
  { name: 'team-trial', role: 'secretary', path: '/team/trial/index', do: tryRules },
  { name: 'team-season', role: 'secretary', path: '/team/season/index' },
  { name: 'team-awards', role: 'secretary', path: '/team/awards/index' },
  { name: 'team-funds', role: 'team', path: '/team/funds/index' },
  { name: 'team-unpaid', role: 'team', path: '/team/funds/unpaid' },
  { name: 'team-fund-book', role: 'team', path: '/team/funds/index', do: openBook },
  { name: 'team-shops', role: 'secretary', path: '/team/shops/index' },
  { name: 'team-keepers', role: 'secretary', path: '/team/shops/index', do: shopKeepers },
  { name: 'team-shop-days', role: 'secretary', path: '/team/shops/index', do: shopDays },
  { name: 'team-shop-terms', role: 'secretary', path: '/team/shops/index', do: shopTerms },
  { name: 'team-agents', role: 'secretary', path: '/team/agents/index' },
]

/** States worth a picture that are no page's usual one: without a network, and what the server refuses. */
export const states = [
  { name: 'state-home-offline', role: 'villager', path: '/pages/home/index', do: (ui) => cutOff(ui, '/pages/home/index') },
  { name: 'state-goods-offline', role: 'villager', path: '/pages/goods/index', do: (ui) => cutOff(ui, '/pages/goods/index') },
  { name: 'state-claim-sent', role: 'villager', path: '/pages/claim/index', do: sentClaim },
  { name: 'state-claims', role: 'villager', path: '/pages/claims/index' },
  { name: 'state-rules-none', role: 'villager', path: '/pages/rules/index', do: (ui) => ui.type('没有这回事') },
  { name: 'state-objection-bare', role: 'villager', path: '/pages/objection/index' },
  { name: 'state-notice-bare', role: 'villager', path: '/pages/notices/one' },
]

/**
 * Every page that the app has, from pages.json: one that nobody has named above is opened as it is, by who works in its
 * package.
 */
export const pages = [...known, ...unnamed()]

function unnamed() {
  const text = fs.readFileSync(new URL('../src/pages.json', import.meta.url), 'utf8').replace(/^\s*\/\/.*$/gm, '')
  const app = JSON.parse(text)
  const all = app.pages.map((p) => ({ path: `/${p.path}`, role: 'villager' }))
  for (const pack of app.subPackages ?? []) {
    for (const p of pack.pages) all.push({ path: `/${pack.root}/${p.path}`, role: pack.root in roles ? pack.root : 'team' })
  }
  const named = new Set(known.map((p) => p.path.split('?')[0]))
  return all.filter((p) => !named.has(p.path)).map((p) => ({ ...p, name: 'bare-' + p.path.slice(1).replace(/\/index$/, '').replace(/^pages\//, '').replace(/\//g, '-') }))
}

async function shopDays(ui) {
  await ui.tapButton('兑换日和时间')
  await ui.see('.hf-sheet')
}

async function shopTerms(ui) {
  await ui.tapButton('柜台规则')
  await ui.see('.hf-sheet')
}

async function speakFor(ui) {
  await ui.tapButton('替人提一条')
  await ui.see('.hf-sheet')
}

async function sawFigures(ui) {
  await ui.see('.bars')
}

let numbers = 0

/** The first notice, where the village has put one up. */
async function openNotice(ui) {
  if (!(await ui.page.locator('.card[role=button]').filter({ visible: true }).count())) return
  await ui.tap('.card[role=button]')
  await ui.see('.code')
}

/** Taps what says this and waits for what it opens. */
async function linkTo(ui, selector, words, opened) {
  await ui.tapText(selector, words)
  await ui.see(opened)
}

/** The page as it is where the server does not answer. */
async function cutOff(ui, path) {
  await ui.page.route('**/api/**', (route) => route.abort())
  try {
    await ui.open(path)
    await ui.see('.hf-retry')
  } finally {
    await ui.page.unroute('**/api/**')
  }
}

async function sentClaim(ui) {
  await fillClaim(ui)
  await ui.tap('.hf-confirm')
  await ui.see('.sent', '交上去了')
}

async function hideEntry(ui) {
  await openEntry(ui)
  await ui.tapButton('不想公示这一条')
  await ui.see('.caption')
}

async function keepGoods(ui) {
  await ui.tap('.hf-stepper .knob', 1)
  await ui.tapButton('请超市留着')
  await ui.see('.hf-sheet')
}

/** A line of one's own on a notice of this month, which the team puts up first. */
async function objectForm(ui) {
  const { village, token } = await asPersona(ui.base, roles.team)
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }
  const today = new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10)
  const [from, to] = [`${today.slice(0, 7)}-01`, today]
  const preview = await (await fetch(`${ui.base}/api/villages/${village}/notice-preview?from=${from}&to=${to}`, { headers })).json()
  if (preview.digest) {
    const request_id = `pictures-${Date.now()}-${numbers++}`
    const made = await fetch(`${ui.base}/api/villages/${village}/notices`, { method: 'POST', headers, body: JSON.stringify({ from_on: from, to_on: to, request_id, digest: preview.digest }) })
    if (!made.ok) throw new Error(`no notice: ${await made.text()}`)
  }
  await takeBack(ui)
  const shown = (selector, hasText) => ui.page.locator(selector).filter({ visible: true, hasText }).count()
  for (let n = 0; ; n++) {
    await ui.open('/pages/notices/index')
    await ui.tap('.card[role=button]', n)
    await ui.see('.code')
    if (!(await shown('.choice', '我家的'))) continue
    await ui.tapText('.choice', '我家的')
    await ui.tap('.ruled[role=button]')
    await ui.see('.hf-sheet', '经过')
    if (await shown('.wd-button', '提异议')) break
  }
  await ui.tapButton('提异议')
  await ui.see('.hf-confirm')
}

/** What was objected to for an earlier picture can be objected to again once it is taken back. */
async function takeBack(ui) {
  await ui.open('/pages/objections/index')
  while (await ui.page.locator('.objection .link').filter({ visible: true }).count()) {
    await ui.tap('.objection .link')
    await ui.tapText('.hf-sheet .wd-button', '撤回')
    await ui.page.locator('.hf-sheet').waitFor({ state: 'hidden' })
  }
}

async function object(ui) {
  await objectForm(ui)
  await ui.tapText('.choice', '分数不对')
  await ui.type('那天做了两回，只记了一回')
  await ui.tap('.hf-confirm')
  await ui.see('.notice-green')
  await ui.open('/pages/objections/index')
  await ui.see('.objection')
}

async function openEntry(ui) {
  await ui.tap('[role=button]:has(.hf-entry)')
  await ui.see('.hf-sheet')
}

async function shopKeepers(ui) {
  await ui.tapButton('管理员')
  await ui.see('.card', '不再当管理员')
}

async function goodsPrices(ui) {
  await ui.tap('.goods')
  await ui.tapButton('历次价格')
  await ui.see('.card', '大家的价')
}

async function openBook(ui) {
  await ui.tapButton('看流水')
  await ui.see('.card', '入账')
}

async function fillClaim(ui) {
  await ui.tap('.item')
  await ui.see('.hf-shots')
}

async function lastMonth(ui) {
  await ui.tapText('.choice', '月')
  await ui.tap('.knob')
}

async function tryRules(ui) {
  await ui.type('清扫')
  await ui.tap('.found .choice')
  await ui.type('8')
  await ui.tapButton('试算')
  await ui.see('.result')
}

async function askForCode(ui) {
  await ui.type(`139${String(Date.now() + numbers++).slice(-8)}`)
  await ui.tapText('.tick', '同意')
  await ui.tapButton('获取验证码')
  await ui.see('.title', '短信发到了')
}

async function wrongPin(ui) {
  await ui.type('HF1-0000000000000000000000', 0)
  await ui.type('384915', 1)
  await ui.tapText('.tick', '同意')
  await ui.tapButton('进入')
  await ui.see('.notice-brick')
}

async function askToClose(ui) {
  await ui.tapButton('注销账号')
  await ui.see('.hf-sheet')
}

async function noteObjection(ui) {
  await ui.tapText('.link', '替村民提异议')
  await ui.see('.hf-sheet .hf-confirm')
}

async function openRaised(ui) {
  await ui.tapText('.hf-tile', '上报的异议')
  await ui.see('.hf-state, .card')
}

async function openPin(ui) {
  await ui.tap('.household')
  await ui.see('.wd-button', '换一家')
}

async function pickHousehold(ui) {
  await ui.tap('.household')
}

async function fillRecord(ui) {
  await ui.open('/team/households/index')
  await ui.see('.household')
  if (!(await ui.page.locator('.household-on').count())) await ui.tap('.household')
  await ui.open('/team/items/index')
  await ui.tap('.item')
}

async function previewRecord(ui) {
  await fillRecord(ui)
  await ui.tapButton('看看怎么算')
  await ui.see('.decision')
}

async function beginInspection(ui) {
  for (const question of [0, 1, 2]) await ui.tap(`.choices >> nth=${question} >> .choice`)
  await ui.tapButton('开始检查')
  await ui.see('.grade-line')
}

async function fillBasket(ui) {
  await ui.type(await aHousehold(ui.base))
  await ui.tapButton('找这家')
  await ui.tap('.more .knob')
}

/** The number of the first villager's household in the demo. */
const aHousehold = async (base) => (await asPersona(base, roles.villager)).me.memberships[0].number

/** Logs in as the first person of a role, beside the browser. */
async function asPersona(base, role) {
  const ask = async (path, options = {}) => (await fetch(`${base}/api${path}`, options)).json()
  const { items } = await ask('/demo/personas')
  const persona = items.find((p) => p.role_name === role).code
  const headers = { 'Content-Type': 'application/json' }
  const { token } = await ask('/login/demo', { method: 'POST', headers, body: JSON.stringify({ persona }) })
  const me = await ask('/me', { headers: { Authorization: `Bearer ${token}` } })
  return { token, me, village: me.roles?.[0]?.village_id }
}

async function confirmBasket(ui) {
  await fillBasket(ui)
  await ui.tapButton('下一步')
  await ui.see('.hf-confirm')
}

async function redeem(ui) {
  await confirmBasket(ui)
  await ui.tap('.hf-confirm')
  await ui.see('.paper')
}

async function openGoods(ui) {
  await ui.see('.goods')
  await ui.tap('.goods')
  await ui.see('.stock-now')
}

async function openMoves(ui) {
  await openGoods(ui)
  await ui.tapButton('进出流水')
  await ui.see('.card')
}

async function askToCollect(ui) {
  if (!(await ui.page.locator('.waiting').count())) return
  await ui.tap('.waiting')
  await ui.see('.hf-sheet')
}

async function receiveGoods(ui) {
  await openGoods(ui)
  await ui.tapButton('进货')
  await ui.see('.hf-sheet')
}

async function beginStocktake(ui) {
  if (await ui.page.locator('.start').count()) await ui.tapButton('开始盘点')
  await ui.see('.counting')
}

/** One household's card is about to be replaced. */
async function pickCard(ui) {
  await ui.tap('.household')
  await ui.tap('.hf-print-cards')
  await ui.see('.hf-sheet', '旧卡马上不能用了')
}
