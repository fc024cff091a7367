/**
 * What officials, panel and supervisors do in a village beside recording, on either build: reviewing with a correction, votes, samples, telling households
 * face to face, cards on paper, a group leader's own group, the town's pages, and files to keep. Where work goes on without signal, it is cut.
 */
import assert from 'node:assert/strict'
import { as } from './login.mjs'
import { others, roles as first } from './pages.mjs'

const roles = { ...first, ...others }
const PDF = '%PDF'
const WORKBOOK = 'PK'
const begins = (file, how) => assert.equal(file.bytes.subarray(0, how.length).toString('latin1'), how, `${file.name} begins with ${how}`)

/** What is waited for once the village has it: the card says it without 等着送. */
const sent = (ui) => ui.gone('.verdict', '等着送')

/** Two grades entered by a team member: the first secretary lets one through as another grade, with the reason, and sends one back. */
export async function reviewing(ui, done) {
  const team = await as(ui.base, roles.team)
  const village = team.me.roles[0].village_id
  const { items: homes } = await team.ask(`/villages/${village}/households?limit=50`)
  const [first, second] = ui.build === 'h5' ? homes.slice(30, 32) : homes.slice(32, 34)
  const record = async (home, note) => (await team.write(`/villages/${village}/cases`, { item: 'weisheng', subjects: [home.id], grade: 'fair', note })).items[0]
  const [changed, back] = [await record(first, '堂屋扫了，厨房没看'), await record(second, '只在门口看了一眼')]
  await ui.enter(roles.secretary)
  await ui.open('/team/reviews/index')
  const card = (note) => ui.page.locator('.case-card').filter({ visible: true, hasText: note })
  await card('厨房没看').locator('.wd-button', { hasText: '改了再同意' }).click()
  await ui.see('.hf-sheet .case-card')
  assert.ok(await ui.page.locator('.hf-sheet .wd-button.is-disabled').count(), 'nothing is changed yet')
  await ui.tapText('.hf-sheet .choice', '清洁户')
  await ui.fill('补看了厨房，干净')
  await ui.tapText('.hf-sheet .wd-button', '就按这个同意')
  await ui.gone('.hf-sheet', '改了再同意')
  const now = await team.ask(`/villages/${village}/cases/${changed.id}`)
  assert.equal(now.grade, 'clean')
  assert.match(now.claimed.why, /补看了厨房/)
  done(`第一书记把“较清洁户”改成“清洁户”再同意，写了为什么：${now.claimed.said}`)

  await card('看了一眼').locator('.wd-button', { hasText: /^不同意$/ }).click()
  await ui.fill('要进屋看')
  await ui.signal(false)
  await ui.tapText('.hf-sheet .wd-button', '退回去')
  await ui.see('.verdict', '已不同意，等着送')
  await ui.signal(true)
  await sent(ui)
  assert.equal((await team.ask(`/villages/${village}/cases/${back.id}`)).state, 'rejected')
  done('没有信号时退回另一条，写了原因；有信号了自己送到')
}

/** A member of the panel votes for one claim with points, and against another without signal. */
export async function panelVotes(ui, done) {
  const villager = await as(ui.base, roles.villager)
  const { village_id: village, household_id: home } = villager.me.memberships[0]
  const claim = (note) => villager.write(`/villages/${village}/households/${home}/claims`, { item: 'gongxian', points: 600, note })
  const words = [`给老人修屋顶（${ui.build}）`, `帮邻居看店（${ui.build}）`]
  const [good, poor] = [await claim(words[0]), await claim(words[1])]
  await ui.enter(roles.panel)
  await ui.open('/team/votes/index')
  const card = (text) => ui.page.locator('.case-card').filter({ visible: true, hasText: text })
  await card(words[0]).locator('.hf-yes').click()
  await ui.fill('99')
  await ui.see('.hf-sheet .hf-confirm.is-disabled', '分数超出范围')
  await ui.fill('8')
  await ui.tap('.hf-confirm')
  await ui.see('.voted', '1票同意，0票不同意')
  done('评议小组成员投了同意，给8分，看到票数')

  await ui.signal(false)
  await card(words[1]).locator('.hf-no').click()
  await ui.fill('谁都会做')
  await ui.tap('.hf-confirm')
  await ui.see('.verdict', '已投不同意，等着送')
  await ui.tapText('.verdict .link', '先不定')
  await ui.gone('.verdict')
  await card(words[1]).locator('.hf-no').click()
  await ui.fill('看店是自家的事')
  await ui.tap('.hf-confirm')
  await ui.see('.verdict', '等着送')
  await ui.signal(true)
  await sent(ui)
  const secretary = await as(ui.base, roles.secretary)
  const ballot = async (c) => (await secretary.ask(`/villages/${village}/cases/${c.id}`)).ballot
  assert.deepEqual([(await ballot(good)).votes[0].points, (await ballot(poor)).votes[0].why], [800, '看店是自家的事'])
  done('没有信号时投了不同意，收回重投一次；有信号了送到，一人一票')
}

/** Of last month's sample one line is found right, one flawed, the second without signal. */
export async function sampling(ui, done) {
  await ui.enter(roles.watch)
  await ui.open('/team/samples/index')
  const unseen = () => ui.page.locator('.card[role=button]').filter({ visible: true, hasText: '还没查' })
  const before = await unseen().count()
  assert.ok(before >= 2, 'lines to look at')
  await unseen().first().click()
  await ui.see('.hf-sheet .case-card')
  await ui.tapText('.hf-sheet .choice', '属实')
  await ui.tap('.hf-confirm')
  await ui.gone('.hf-sheet')
  assert.equal(await unseen().count(), before - 1)
  done('村务监督员核查一条，属实')
  await ui.signal(false)
  await unseen().first().click()
  await ui.tapText('.hf-sheet .choice', '有瑕疵')
  await ui.see('.hf-sheet .hf-confirm.is-disabled', '再写情况')
  await ui.fill('照片是去年的')
  await ui.tap('.hf-confirm')
  await ui.see('.verdict', '已记“有瑕疵”，等着送')
  await ui.signal(true)
  await sent(ui)
  await ui.open('/team/samples/index')
  await ui.see('.card', '照片是去年的')
  done('没有信号时记下一条有瑕疵，有信号了送到')
}

/** Households without a phone are told of deductions: slips from the browser's printer, and what was said on the doorstep without signal. */
export async function tellings(ui, done) {
  await printed(ui)
  await ui.enter(roles.team)
  await ui.open('/team/tellings/index')
  await ui.see('.card.home')
  if (ui.build === 'h5') {
    const pages = await paper(ui, '/team/tellings/index', '.wd-button', '打印告知单')
    assert.match(pages, /扣分告知单[\s\S]*被告知人签字/)
    done(`打印了${pages.match(/被告知人签字/g).length}张告知单`)
  } else await ui.see('.soft', '在电脑的浏览器里打印')
  const name = await ui.text('.card.home .title')
  await ui.signal(false)
  await ui.tapText('.card.home .link', '告知了，记下来')
  await ui.tapText('.hf-sheet .choice', '当面说的')
  await ui.fill('户主本人')
  await ui.tap('.hf-confirm')
  await ui.see('.verdict', '已告知，等着送')
  await ui.go('/team/today/index')
  await ui.see('.draft-waiting', `告知${name}`)
  await ui.signal(true)
  await ui.see('.draft-sent', `告知${name}`)
  done(`没有信号时记下当面告知了${name}，有信号了送到`)
}

/** Cards of two households that lost theirs and the passbook of one, on paper; the mini-program says where to print. */
export async function cards(ui, done) {
  await printed(ui)
  await ui.enter(roles.team)
  await ui.open('/team/cards/index')
  if (ui.build !== 'h5') {
    await ui.see('.notice', '在电脑的浏览器里打印')
    return done('小程序里说清楚到哪里打印')
  }
  await ui.tap('.household', 40)
  await ui.tap('.household', 41)
  await ui.tapButton('打印2家的新卡')
  await ui.see('.hf-sheet', '旧卡马上不能用了')
  assert.ok((await paper(ui, '/team/cards/index', '.hf-confirm')).length > 40, 'two cards')
  await ui.tap('.household', 41)
  assert.match(await paper(ui, '/team/cards/index', '.wd-button', '打印这家的存折'), /存折[\s\S]*余额|余额[\s\S]*存折/)
  done('换了两家的卡并打印，又打印了一家的存折')
}

/** A villager who leads a group for a while: sees the own group only, what is recorded waits for another, and secretaries' pages are not there. */
export async function groupLeader(ui, done) {
  const secretary = await as(ui.base, roles.secretary)
  const village = secretary.me.roles[0].village_id
  const leader = await as(ui.base, roles.villager, '李大勇')
  const { items: groups } = await secretary.ask(`/villages/${village}/groups`)
  const group = groups[1]
  const term = await secretary.write(`/villages/${village}/roles`, { role: 'group_leader', user_id: leader.me.user_id, group_id: group.id })
  try {
    await ui.enter(roles.villager, '李大勇')
    await ui.open('/team/home/index')
    await ui.see('.hello', '组长')
    for (const page of ['异议', '公示', '周期结账', '超市设置']) assert.equal(await ui.page.locator('.hf-tile').filter({ visible: true, has: ui.page.getByText(page, { exact: true }) }).count(), 0, `${page} is not a leader's`)
    await ui.open('/team/record/index')
    await ui.tapText('.link', '选哪家')
    await ui.see('.household')
    const shown = await ui.page.locator('.household').filter({ visible: true }).allInnerTexts()
    assert.ok(shown.every((h) => h.includes(group.name)), `only ${group.name}: ${shown.find((h) => !h.includes(group.name))}`)
    await ui.tap('.household', ui.build === 'h5' ? 5 : 4)
    await ui.tapButton('选好了')
    await ui.tapText('.item', '参加环境清扫')
    await ui.tapButton('看看怎么算')
    await ui.see('.decision', '审核')
    await ui.tap('.hf-confirm')
    await ui.see('.done')
    done(`组长只看得到${group.name}，记一笔要等别人审核`)
  } finally {
    await secretary.write(`/villages/${village}/roles/${term.id}/end`, {})
  }
}

/** The town: its figures and one village's, its money, and the answer to a villager who did not want the village to see it. */
export async function town(ui, done) {
  const villager = await as(ui.base, roles.villager)
  const { village_id: village, household_id: home } = villager.me.memberships[0]
  const text = `有人收了钱不记账（${ui.build}）`
  await villager.write(`/villages/${village}/households/${home}/voices`, { kind: 'complaint', text, to_town: true })
  await ui.enter(roles.supervisor)
  await ui.open('/team/region/index')
  await ui.see('.part', '有记录的户')
  await ui.tap('.part')
  await ui.see('.hf-tile', '代领核查') // on the village's page only; the town's has charts as well
  done('镇县督导看各村，点开一个村')
  await ui.open('/team/town/index')
  await ui.see('.card', '资金')
  await ui.open('/team/raised/index')
  await ui.tapText(`.voice-card:has-text("${text}") .wd-button`, '书面答复')
  await ui.fill('镇里来查了，已经补记')
  await ui.tapText('.hf-sheet .wd-button', '答复')
  await ui.gone('.voice-card', text)
  await ui.enter(roles.villager)
  await ui.open('/pages/voices/index')
  await ui.see('.answer', '镇里来查了')
  done('直接提给镇里的，镇里书面答复，村民看到')
  await ui.enter(roles.county)
  await ui.open('/team/region/index')
  await ui.see('.section', '各乡镇')
  await ui.tap('.part')
  await ui.see('.section', '各村')
  done('县级管理员看各乡镇，点进一个镇')
}

/** Files to keep: a village's figures and year, the own data, a partner store's statement. */
export async function files(ui, done) {
  await ui.enter(roles.team)
  await ui.open('/team/figures/index')
  await ui.see('.bars')
  begins(await ui.file('.wd-button', '存成表格'), WORKBOOK)
  begins(await ui.file('.wd-button', '存成 PDF'), PDF)
  await ui.open('/team/awards/index')
  begins(await ui.file('.wd-button', '存成表格'), WORKBOOK)
  done('统计和年度报告，存成表格和 PDF')
  await ui.enter(roles.villager)
  await ui.open('/pages/settings/data')
  begins(await ui.file('.wd-button', '导出成表格'), WORKBOOK)
  const own = await ui.file('.wd-button', '导出给电脑用的')
  assert.ok(JSON.parse(own.bytes.toString('utf8')).household, 'the household as data')
  done('村民导出自家的表格和原始数据')
  await ui.enter(roles.keeper, '龙春桃')
  await ui.open('/keeper/statements/index')
  begins(await ui.file('.link', '下载表格'), WORKBOOK)
  done('合作商店下载结算单')
}

/** What is sent to a printer is kept as text. */
async function printed(ui) {
  await ui.page.addInitScript(() => {
    globalThis.print = () => (top.printed = document.body.innerText)
  })
}

/** The button sends a page to the printer, which is done with it at once; then the page is opened anew. */
async function paper(ui, address, selector, text = '') {
  await ui.page.locator(selector).filter({ visible: true, hasText: text }).first().click()
  const said = await (await ui.page.waitForFunction(() => globalThis.printed)).jsonValue()
  await ui.page.evaluate(() => {
    delete globalThis.printed
    for (const frame of document.querySelectorAll('iframe')) frame.contentWindow.dispatchEvent(new Event('afterprint'))
  })
  assert.equal(await ui.page.locator('iframe').count(), 0, 'nothing is left of what was printed')
  await ui.open(address)
  return said
}
