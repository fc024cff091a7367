import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick } from 'vue'
import { useCodeLogin } from '@/composables/useCodeLogin'
import { choices, chooseOffice, ensureMe, keeperRole, loginByPin, offices, teamRole } from '@/services/session'
import { answerPrivacy, hasAgreed, keepAgreed, PRIVACY_VERSION, privacyQuestion, privateThing, watchPrivacy } from '@/services/privacy'
import { answers, requests } from './server'
import { store } from './setup'

type Login = ReturnType<typeof useCodeLogin>

function onPage(): Login {
  let login!: Login
  mount(defineComponent({ setup: () => ((login = useCodeLogin()), () => h('div')) }))
  return login
}

const asked = { status: 200, body: { resend_after: 60, minutes: 5, digits: 6 } }
const refusal = (status: number, code: string, msg: string) => ({ status, body: { error: { code, msg } } })

describe('logging in with a code to the phone', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('asks nobody about a number that is none', async () => {
    const login = onPage()
    login.phone.value = '1381234567'
    await login.ask()
    expect(requests()).toHaveLength(0)
    expect(login.message.value).toContain('11位')
  })

  it('sends the same request again after silence, and another one after an answer', async () => {
    vi.useFakeTimers()
    const login = onPage()
    login.phone.value = '138 1234 5678'
    answers.push({}, asked, asked)
    await login.ask()
    expect(login.sentTo.value).toBe('')
    await login.ask()
    expect(login.sentTo.value).toBe('13812345678')
    expect(login.left.value).toBe(60)
    await login.ask() // too soon: nobody is asked
    vi.advanceTimersByTime(61_000)
    expect(login.left.value).toBe(0)
    await login.ask()
    const ids = requests().map((r) => r.data.request_id)
    expect(ids).toHaveLength(3)
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[0])
    expect(requests()[0]!.data.phone).toBe('13812345678')
  })

  it('lets a code be filled in that was sent a moment ago', async () => {
    const login = onPage()
    login.phone.value = '13812345678'
    answers.push(refusal(429, 'access_code_soon', '刚刚已经发过验证码，请过一分钟再点'))
    await login.ask()
    expect(login.sentTo.value).toBe('13812345678')
    expect(login.message.value).toContain('刚刚')
    login.change()
    expect(login.sentTo.value).toBe('')
  })

  it('empties the field after a wrong code and stays', async () => {
    const login = onPage()
    login.phone.value = '13812345678'
    answers.push(asked, refusal(422, 'access_code', '验证码不对'))
    await login.ask()
    login.code.value = '123456'
    expect(await login.submit()).toBeUndefined()
    expect(login.code.value).toBe('')
    expect(login.message.value).toBe('验证码不对')
    expect(store.get('hefen.token')).toBeUndefined()
  })
})

describe('who is here', () => {
  const role = (id: string, name: string, village: string) => ({ id, role: name, role_name: name, village_id: village, village_name: village })
  const me = {
    user_id: '1', name: '张三', memberships: [{ household_id: '7', village_id: 'a' }], bindings: [], villages: [],
    roles: [role('r1', 'team_member', 'a'), role('r2', 'team_member', 'b'), role('r3', 'keeper', 'b'), role('r4', 'supervisor', 'c')],
  }

  it('keeps the token of a login and says what it was agreed to', async () => {
    answers.length = 0
    answers.push({ status: 200, body: { token: 't', choose_pin: false, people: 1 } }, { status: 200, body: me })
    await loginByPin('HF1-x', '384915')
    expect(store.get('hefen.token')).toBe('t')
    expect(requests()[0]!.data).toMatchObject({ household_code: 'HF1-x', pin: '384915', privacy: PRIVACY_VERSION })
  })

  it('takes up one of several offices', async () => {
    answers.length = 0
    answers.push({ status: 200, body: me })
    store.set('hefen.token', 't')
    await ensureMe(true)
    expect(offices().map((r) => r.id)).toEqual(['r1', 'r2', 'r3', 'r4'])
    expect(choices()).toBe(5)
    expect(choices(3)).toBe(7)
    expect(teamRole.value?.id).toBe('r1')
    chooseOffice('r2')
    expect(teamRole.value?.village_id).toBe('b')
    expect(keeperRole.value?.id).toBe('r3')
  })
})

describe('privacy', () => {
  it('is agreed to for one version', () => {
    expect(hasAgreed()).toBe(false)
    keepAgreed(true)
    expect(hasAgreed()).toBe(true)
    expect(store.get('hefen.privacy')).toBe(PRIVACY_VERSION)
    keepAgreed(false)
    expect(hasAgreed()).toBe(false)
  })

  it('hands the answer to WeChat once', async () => {
    const answer = vi.fn()
    privacyQuestion.value = { what: privateThing('button.getPhoneNumber'), answer }
    await nextTick()
    expect(privacyQuestion.value.what).toContain('手机号')
    answerPrivacy(true, 'agree-btn')
    answerPrivacy(false)
    expect(answer.mock.calls).toEqual([[{ event: 'agree', buttonId: 'agree-btn' }]])
    expect(() => watchPrivacy()).not.toThrow()
  })
})
