/**
 * Coming in without WeChat, at 320 px with the largest letters: with a code to the phone, which the demo writes into the server's
 * log, and with the card and PIN of a household, which a team member hands over on a slip.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { encodeQR } from 'qr'
import { roles } from './pages.mjs'

/** The newest code in the log for a number, of which the log shows the ends. */
async function codeFor(log, phone) {
  const masked = `${phone.slice(0, 3)}****${phone.slice(-4)}`
  for (let n = 0; n < 50; n++) {
    const lines = fs.readFileSync(log, 'utf8').split('\n').filter((line) => line.includes('"login code"') && line.includes(masked))
    assert.ok(!lines.some((line) => line.includes(phone)), 'the log does not hold the number')
    if (lines.length) return JSON.parse(lines.at(-1)).code
    await new Promise((then) => setTimeout(then, 100))
  }
  throw new Error('no code in the log')
}

/** Asks the server as somebody of the demo. */
export async function as(base, roleName, name = '') {
  const ask = async (path, body, token, method = 'POST') => {
    const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) }
    const answer = await fetch(`${base}/api${path}`, body ? { method, headers, body: JSON.stringify(body) } : { headers })
    const data = await answer.json()
    assert.ok(answer.ok, `${path}: ${answer.status} ${JSON.stringify(data)}`)
    return data
  }
  const { items } = await ask('/demo/personas')
  const { token } = await ask('/login/demo', { persona: items.find((p) => p.role_name === roleName && p.name.includes(name)).code })
  const me = await ask('/me', undefined, token)
  const write = (path, body) => ask(path, { request_id: `e2e-${crypto.randomUUID()}`, ...body }, token)
  const put = (path, body) => ask(path, { request_id: `e2e-${crypto.randomUUID()}`, ...body }, token, 'PUT')
  return { me, write, put, ask: (path, body) => ask(path, body, token) }
}

/** A villager's household: its register entry, with a fresh card. */
export async function cardOf(base) {
  const villager = await as(base, roles.villager)
  const team = await as(base, roles.team)
  const { village_id: village, household_id: household, member_id: member, number } = villager.me.memberships[0]
  const { items } = await team.write(`/villages/${village}/household-codes`, { households: [household] }).catch(() => team.ask(`/villages/${village}/household-codes`, { households: [household] }))
  return { village, household, member, number, code: items[0].code, team }
}

export async function phoneLogin(ui, log, done) {
  const card = await cardOf(ui.base)
  const phone = `138${String(Date.now()).slice(-8)}`
  await card.team.write(`/villages/${card.village}/members/${card.member}/corrections`, { phone })

  await ui.open('/pages/enter/index')
  await ui.tapText('.hf-tile', '用手机号进入')
  await ui.type('138')
  await ui.tapButton('获取验证码')
  await ui.see('.notice-brick', '同意')
  await ui.tapText('.tick', '同意')
  await ui.tapButton('获取验证码')
  await ui.see('.notice-brick', '11位')
  done('没有勾选同意、手机号不全，都说清楚了')
  await ui.type(`${phone.slice(0, 3)} ${phone.slice(3, 7)} ${phone.slice(7)}`)
  await ui.tapButton('获取验证码')
  await ui.see('.again', '秒后可以再要一条')
  const code = await codeFor(log, phone)
  await ui.type(code === '000000' ? '000001' : '000000')
  await ui.tapButton('进入')
  await ui.see('.notice-brick', '验证码不对')
  done('填错验证码，说不对，可以再填')
  await ui.type(code)
  await ui.tapButton('进入')
  await ui.see('.hero, .choice-home')
  if (await ui.page.locator('.choice-home').count()) await ui.tap('.choice-home')
  await ui.see('.hero')
  done('填对了，看到自家的积分')

  await ui.open('/pages/settings/sessions')
  assert.match(await ui.text('.device'), /手机验证码/)
  await ui.tapButton('全部退出')
  await ui.see('.hf-tile', '用手机号进入')
  await ui.open('/pages/home/index')
  await ui.see('.hf-tile', '用手机号进入')
  done('全部退出后，回到进入页')
}

export async function pinLogin(ui, done) {
  const card = await cardOf(ui.base)
  await ui.enter(roles.team)
  await ui.open('/team/pin/index')
  await ui.type(card.number)
  await ui.see('.household', card.number)
  await ui.page.waitForTimeout(400) // the list follows what is typed
  await ui.tapText('.household', `户号 ${card.number} ·`)
  await ui.tapButton('发一个新密码')
  const slip = (await ui.text('.pin')).replace(/\D/g, '')
  assert.match(slip, /^\d{6}$/)
  done('驻村队员当面发了密码条')

  await ui.page.evaluate(() => localStorage.removeItem('hefen.token'))
  await ui.open('/pages/login/pin')
  await fromPhoto(ui, card.code)
  done('拍一张卡片，认出了户码')
  const own = slip === '384915' ? '907146' : '384915'
  await ui.type(own, 1)
  await ui.tapText('.tick', '看过，同意')
  await ui.tapButton('进入')
  await ui.see('.notice-brick', '还可以试4次')
  done('密码填错，说还可以试几次')
  await ui.type(slip, 1)
  await ui.tapButton('进入')
  await ui.see('.notice', '密码条')
  await ui.type('123456', 0)
  await ui.type('123456', 1)
  await ui.tapButton('保存密码')
  await ui.see('.notice-brick', '太好猜')
  await ui.type(own, 0)
  await ui.type(own, 1)
  await ui.tapButton('保存密码')
  await ui.see('.notice-green', '设好了')
  await ui.tapButton('好了')
  await ui.see('.hero')
  done('换成自家的密码，看到自家的积分')
  await ui.open('/pages/settings/index')
  await ui.see('.card', '只能办自家的事')

  await ui.open('/pages/settings/data')
  const [file] = await Promise.all([ui.page.waitForEvent('download'), ui.tapButton('导出成表格')])
  assert.ok(fs.readFileSync(await file.path()).subarray(0, 2).toString() === 'PK', 'a workbook')
  done('导出了自家的资料')

  await ui.page.evaluate(() => localStorage.removeItem('hefen.token'))
  await ui.open('/pages/login/pin')
  await ui.type(card.code, 0)
  for (let n = 1; n <= 5; n++) {
    await ui.type('907146', 1)
    await ui.tapButton('进入')
    await ui.see('.notice-brick', n < 5 ? `还可以试${5 - n}次` : '已经锁住')
  }
  done('错5次锁住了，说了怎么办')
  await ui.enter(roles.team)
  await ui.open('/team/pin/index')
  await ui.type(card.number)
  await ui.page.waitForTimeout(400)
  await ui.tapText('.household', `户号 ${card.number} ·`)
  await ui.tapButton('只解锁')
  await ui.see('.notice-green', '再试5次')
  await ui.page.evaluate(() => localStorage.removeItem('hefen.token'))
  await ui.open('/pages/login/pin')
  await ui.type(card.code, 0)
  await ui.type(own, 1)
  await ui.tapButton('进入')
  await ui.see('.hero')
  done('驻村队员解锁后，又进来了')
}

/** A photo of the card, as from the album. */
async function fromPhoto(ui, code) {
  const cells = encodeQR(code, 'raw', { border: 4 })
  const picture = await ui.page.evaluate((rows) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 900, height: 700 })
    const pen = canvas.getContext('2d')
    pen.fillStyle = '#d8c9a0'
    pen.fillRect(0, 0, 900, 700)
    pen.translate(260, 120)
    pen.rotate(0.1)
    rows.forEach((row, y) => row.forEach((dark, x) => {
      pen.fillStyle = dark ? '#222' : '#fff'
      pen.fillRect(x * 10, y * 10, 10.5, 10.5)
    }))
    return canvas.toDataURL('image/jpeg', 0.85).split(',')[1]
  }, cells)
  const button = ui.page.locator('.wd-button').filter({ visible: true, hasText: /选一张照片|拍一张卡片/ }).first()
  const [chooser] = await Promise.all([ui.page.waitForEvent('filechooser'), button.click()])
  await chooser.setFiles({ name: 'card.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(picture, 'base64') })
  await ui.see('.hf-scan', '认出来了')
  const filled = (text) => [...document.querySelectorAll('.hf-scan input')].some((field) => field.value === text)
  await ui.page.waitForFunction(filled, code, { timeout: 5000 })
}
