/**
 * An event on two phones: the team's shows a code that changes, the villager types it; the event is closed and the points are among
 * the villager's messages. Then a complaint, its answer and what its author thinks of it.
 */
import assert from 'node:assert/strict'
import { roles } from './pages.mjs'

export async function eventAndVoice(villager, team, done) {
  const event = `清扫村道${Date.now() % 10_000}`
  await team.enter(roles.team)
  await team.open('/team/activities/index')
  await team.tapButton('发起活动')
  await team.see('.hf-sheet')
  await team.type(event, 0)
  await team.type('村委会', 1)
  await team.type('志愿', 2)
  await team.tap('.hf-sheet .ruled')
  await team.tapText('.hf-sheet .wd-button', '发起')
  await team.see('.digits')
  done(`驻村队员发起“${event}”，手机上是大字的签到码`)

  await villager.enter(roles.villager)
  await villager.open('/pages/activities/index')
  await villager.see('.event', event)
  await villager.tap(`.event:has-text("${event}") .wd-button`)
  await villager.see('.hf-sheet', event)
  await villager.type('000000', 0)
  await villager.tapText('.hf-sheet .wd-button', '用数字签到')
  await villager.see('.hf-sheet .notice', '签到码不对')
  const digits = (await team.text('.digits')).replace(/\s/g, '')
  assert.match(digits, /^\d{6}$/, 'the code has six digits')
  await villager.type(digits, 0)
  await villager.tapText('.hf-sheet .wd-button', '用数字签到')
  await villager.see('.hf-sheet .notice', '签到了')
  done('村民输错一次，再照着输入六位数字，签到了')

  await team.again()
  await team.see('.card', '签到 1 人')
  await team.tapButton('结束并记分')
  await team.see('.card', '已登记 1 人')
  done('结束活动，一次记完分')
  await villager.open('/pages/messages/index')
  await villager.see('.message', event)
  await villager.see('.message', '活动')
  done('消息里有活动通知，得分也在')

  await villager.open('/pages/voices/index')
  await villager.tapButton('我要说一件事')
  await villager.see('.hf-sheet')
  await villager.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('村口路灯坏了没人修')
  await villager.tapText('.hf-sheet .wd-button', '提交')
  await villager.see('.voice-card', '路灯')
  await team.open('/team/voices/index')
  await team.see('.voice-card', '路灯')
  await team.tapText('.voice-card:has-text("路灯") .wd-button', '书面答复')
  await team.page.locator('.hf-sheet input').filter({ visible: true }).first().fill('明天就换灯泡')
  await team.tapText('.hf-sheet .wd-button', '答复')
  await team.see('.title, .voice-card, .empty')
  await villager.open('/pages/voices/index')
  await villager.see('.answer', '换灯泡')
  await villager.tapText('.voice-card .wd-button', '满意')
  await villager.see('.voice-card', '评价：满意')
  done('投诉有了书面答复，村民评了满意')
}
