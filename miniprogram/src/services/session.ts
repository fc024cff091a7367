/**
 * Who holds this device and in which village and household they are looking. WeChat logs in without a question; a
 * browser logs in through the demo's roles where the server has them.
 */
import { computed, ref } from 'vue'
import type { Me, Membership, Role } from '@/api/types'
import { ApiError, currentToken, get, keepToken, onExpired, post } from './request'
import { pendingWrites, resend, type Resent } from './write'

const PERSONA_KEY = 'hefen.persona'
const PLACE_KEY = 'hefen.place'

const me = ref<Me>()
const place = ref<string>(String(uni.getStorageSync(PLACE_KEY) || ''))
const waiting = ref(0)
const lastResent = ref<Resent>()

export const whoAmI = computed(() => me.value)
/** How many writes of this person wait on the device for an answer. */
export const waitingWrites = computed(() => waiting.value)
/** What the last sending-again came to, for the banner. */
export const resent = computed(() => lastResent.value)

export function userId(): string {
  return me.value?.user_id ?? ''
}

/** The household this person looks at: the chosen one, else the first. */
export const home = computed<Membership | undefined>(() => {
  const all = me.value?.memberships ?? []
  return all.find((m) => m.household_id === place.value) ?? all[0]
})

const teamRoles = ['team_member', 'first_secretary', 'group_leader']
export const teamRole = computed<Role | undefined>(() => me.value?.roles.find((r) => teamRoles.includes(r.role)))
export const keeperRole = computed<Role | undefined>(() => me.value?.roles.find((r) => r.role === 'keeper'))

/** The village for pages that need no household. */
export const villageId = computed(() => home.value?.village_id ?? teamRole.value?.village_id ?? keeperRole.value?.village_id ?? me.value?.roles[0]?.village_id ?? '')

export function choosePlace(household: string): void {
  place.value = household
  uni.setStorageSync(PLACE_KEY, household)
}

/** At the start of the app: says how to log in again; nothing is asked of the person. */
export function begin(): void {
  onExpired(loginSilently)
}

let loading: Promise<Me> | undefined

/** Who this is; logs in first where that needs no question. Throws when nobody is logged in and nobody can be. */
export async function ensureMe(again = false): Promise<Me> {
  if (me.value && !again) return me.value
  loading ??= fetchMe().finally(() => (loading = undefined))
  return loading
}

async function fetchMe(): Promise<Me> {
  if (!currentToken()) await loginSilently()
  me.value = await get<Me>('/me')
  void sendKept()
  return me.value
}

/** Sends again what an earlier run of the app could not finish. */
export async function sendKept(): Promise<void> {
  const user = userId()
  if (!user) return
  if (pendingWrites(user).length > 0) lastResent.value = await resend(user)
  waiting.value = pendingWrites(user).length
}

/** Called after a write ended without an answer, so that the banner shows it. */
export function countWaiting(): void {
  waiting.value = pendingWrites(userId()).length
}

export async function loginAs(persona: string): Promise<Me> {
  const signed = await post<{ token: string }>('/login/demo', { persona })
  keepToken(signed.token)
  uni.setStorageSync(PERSONA_KEY, persona)
  forgetPerson()
  return ensureMe(true)
}

export async function logout(): Promise<void> {
  try {
    await post('/logout')
  } finally {
    keepToken('')
    uni.removeStorageSync(PERSONA_KEY)
    forgetPerson()
  }
}

function forgetPerson(): void {
  me.value = undefined
  choosePlace('')
}

/** The page on which this person begins. */
export function landing(): string {
  if (keeperRole.value) return '/keeper/home/index'
  if (teamRole.value) return '/team/home/index'
  return '/pages/home/index'
}

async function loginSilently(): Promise<void> {
  keepToken('')
  // #ifdef MP-WEIXIN
  const code = await wechatCode()
  const answer = await post<{ token: string }>('/login/wechat', { code })
  keepToken(answer.token)
  // #endif
  // #ifndef MP-WEIXIN
  const persona = String(uni.getStorageSync(PERSONA_KEY) || '')
  if (!persona) throw new ApiError(401, 'signed_out', '还没有进入，请先选择身份')
  const signed = await post<{ token: string }>('/login/demo', { persona })
  keepToken(signed.token)
  // #endif
}

// #ifdef MP-WEIXIN
function wechatCode(): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.login({
      provider: 'weixin',
      success: (r) => resolve(r.code),
      fail: () => reject(new ApiError(0, 'wechat', '微信登录没有成功，请退出小程序再进')),
    })
  })
}
// #endif
