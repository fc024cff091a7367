/**
 * Who holds this device and in which village and household they are looking. WeChat logs in without a question; a
 * browser logs in through the demo's roles where the server has them.
 */
import { computed, ref } from 'vue'
import type { Me, Membership, Role } from '@/api/types'
import { tidyAlbum } from './album'
import { photosInUse, tidyDrafts, waitingDrafts } from './drafts'
import { keptVillages, noSignal, wipeField } from './fieldbook'
import { ownKept } from './kept'
import { ApiError, currentToken, get, keepToken, onExpired, post } from './request'
import { syncDrafts } from './sync'
import { deviceName } from './platform'
import { PRIVACY_VERSION } from './privacy'
import { pendingWrites, resend, type Resent } from './write'

const PERSONA_KEY = 'hefen.persona'
const PLACE_KEY = 'hefen.place'
const OFFICE_KEY = 'hefen.office'
/** Who is here, for a start without signal. */
const ME_KEY = 'hefen.me'

/** What a login gives. */
export interface Signed {
  token: string
  /** The one household that it is for, after a login with its PIN. */
  household_id?: string
  /** The PIN came from a slip. */
  choose_pin: boolean
  /** Users with the phone number. */
  people: number
}

const me = ref<Me>()
const place = ref<string>(String(uni.getStorageSync(PLACE_KEY) || ''))
const office = ref<string>(String(uni.getStorageSync(OFFICE_KEY) || ''))
const waiting = ref(0)
const offline = ref(false)
const lastResent = ref<Resent>()

export const whoAmI = computed(() => me.value)
/** How many writes of this person wait on the device for an answer. */
export const waitingWrites = computed(() => waiting.value + waitingDrafts(userId()).length)
/** What the last sending-again came to, for the banner. */
export const resent = computed(() => lastResent.value)

/** The person is known from this device only: there was no signal when the app asked. */
export const withoutSignal = computed(() => offline.value)

export function userId(): string {
  return me.value?.user_id ?? ''
}

/** The household this person looks at: the chosen one, else the first. */
export const home = computed<Membership | undefined>(() => {
  const all = me.value?.memberships ?? []
  return all.find((m) => m.household_id === place.value) ?? all[0]
})

const teamRoles = ['team_member', 'first_secretary', 'group_leader']
/** Who has records of a village to look after, also without signal. */
const fieldRoles = [...teamRoles, 'panel_member', 'village_supervisor']
const regionRoles = ['supervisor', 'county_admin']
/** The office chosen among several, else the first. */
const officeOf = (fits: (r: Role) => boolean) => {
  const all = me.value?.roles.filter(fits) ?? []
  return all.find((r) => r.id === office.value) ?? all[0]
}
export const teamRole = computed<Role | undefined>(() => officeOf((r) => teamRoles.includes(r.role)))
export const keeperRole = computed<Role | undefined>(() => officeOf((r) => r.role === 'keeper'))

/** An office over a town or county: for looking on. */
export const regionRole = computed<Role | undefined>(() => officeOf((r) => regionRoles.includes(r.role)))

/** The groups for which somebody records who leads groups and has no higher office there; empty: every group. */
export function ledGroups(village: string): string[] {
  const here = me.value?.roles.filter((r) => r.village_id === village && teamRoles.includes(r.role)) ?? []
  return here.every((r) => r.role === 'group_leader') ? here.map((r) => r.group_id).filter((g) => g && g !== '0') : []
}

/** A member of the panel that votes on what villagers claim. */
export const panelRole = computed<Role | undefined>(() => officeOf((r) => r.role === 'panel_member'))

/** Who watches over the village's records and draws samples of them. */
export const watchRole = computed<Role | undefined>(() => officeOf((r) => r.role === 'village_supervisor'))

/** Whether this person keeps a shop: as its keeper, or as an official of the village. */
export function keepsShop(shop: string): boolean {
  return me.value?.roles.some((r) => (r.role === 'keeper' && r.shop_id === shop) || r.role === 'team_member' || r.role === 'first_secretary') ?? false
}

/** The village for pages that need no household. */
export const villageId = computed(() => home.value?.village_id ?? teamRole.value?.village_id ?? keeperRole.value?.village_id ?? me.value?.roles[0]?.village_id ?? '')

export function choosePlace(household: string): void {
  place.value = household
  uni.setStorageSync(PLACE_KEY, household)
}

/** Looks at a village whose code was scanned: its household and office come first. False when this person has neither there. */
export function chooseVillage(village: string): boolean {
  const household = me.value?.memberships.find((m) => m.village_id === village)
  const held = offices().find((r) => r.village_id === village)
  if (household) choosePlace(household.household_id)
  if (held) chooseOffice(held.id)
  return household !== undefined || held !== undefined
}

/** Takes up one of several offices, here or in another village. */
export function chooseOffice(role: string): void {
  office.value = role
  uni.setStorageSync(OFFICE_KEY, role)
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
  try {
    me.value = await get<Me>('/me')
    offline.value = false
    keepMe(me.value)
  } catch (e) {
    const known = uni.getStorageSync(ME_KEY) as Me | ''
    if (!noSignal(e) || !known) throw e
    me.value = known
    offline.value = true
  }
  void sendKept()
  return me.value
}

/** Kept for those who do something without signal: officials in the hills, and households that claim or check in. */
function keepMe(now: Me): void {
  if (now.memberships.length || now.roles.some((r) => fieldRoles.includes(r.role))) uni.setStorageSync(ME_KEY, now)
  else uni.removeStorageSync(ME_KEY)
}

/** Sends again what an earlier run of the app could not finish, and what was recorded without signal. */
export async function sendKept(): Promise<void> {
  const user = userId()
  if (!user) return
  if (pendingWrites(user).length > 0) lastResent.value = await resend(user)
  waiting.value = pendingWrites(user).length
  if (waitingDrafts(user).length > 0) await syncDrafts(user)
  await tidy(user)
}

/** Forgets what is over: drafts of days ago, photos that nothing needs, and the people of villages where one has no office any more. */
async function tidy(user: string): Promise<void> {
  tidyDrafts()
  if (offline.value || !me.value) return
  const serving = new Set(me.value.roles.filter((r) => fieldRoles.includes(r.role)).map((r) => r.village_id))
  for (const village of keptVillages()) {
    if (!serving.has(village) && !waitingDrafts(user).some((d) => d.village === village)) wipeField(village)
  }
  if (!tidied) await tidyAlbum(photosInUse())
  tidied = true
}

let tidied = false

/** Called after a write ended without an answer, so that the banner shows it. */
export function countWaiting(): void {
  waiting.value = pendingWrites(userId()).length
}

export async function loginAs(persona: string): Promise<Me> {
  const signed = await post<{ token: string }>('/login/demo', { persona })
  await begun(signed.token)
  uni.setStorageSync(PERSONA_KEY, persona)
  return ensureMe(true)
}

/** With the code that came to a phone. */
export async function loginByCode(phone: string, code: string): Promise<Signed> {
  return signIn('/login/phone', { phone, code, privacy: PRIVACY_VERSION })
}

/** With the household's code and PIN. */
export async function loginByPin(householdCode: string, pin: string): Promise<Signed> {
  return signIn('/login/pin', { household_code: householdCode, pin, privacy: PRIVACY_VERSION })
}

/** As another person with the same phone number. */
export async function switchTo(user: string): Promise<Signed> {
  return signIn('/me/switch', { user_id: user })
}

async function signIn(path: string, body: object): Promise<Signed> {
  const signed = await post<Signed>(path, { ...body, device: deviceName() })
  await begun(signed.token)
  await ensureMe(true)
  return signed
}

/** Whoever was here before on this device is forgotten; writes of theirs stay kept for them. */
async function begun(token: string): Promise<void> {
  await loading?.catch(() => undefined)
  keepToken(token)
  uni.removeStorageSync(PERSONA_KEY)
  forgetPerson()
}

/** How many there are to choose from after a login: households, offices, and other people with the number. */
export function choices(people = 1): number {
  return (me.value?.memberships.length ?? 0) + offices().length + Math.max(0, people - 1)
}

/** The offices that have pages of their own. */
export function offices(): Role[] {
  return me.value?.roles.filter((r) => officePage(r) !== '') ?? []
}

/** The page on which an office begins its work, empty where it has none. */
export function officePage(r: Role): string {
  if (teamRoles.includes(r.role)) return '/team/home/index'
  if (regionRoles.includes(r.role)) return '/team/region/index'
  return { keeper: '/keeper/home/index', panel_member: '/team/votes/index', village_supervisor: '/team/samples/index' }[r.role as string] ?? ''
}

export async function logout(everywhere = false): Promise<void> {
  try {
    await post('/logout', { everywhere })
  } finally {
    leave()
  }
}

/** Forgets who was here without asking the server, whose session has ended already. */
export function leave(): void {
  keepToken('')
  uni.removeStorageSync(PERSONA_KEY)
  forgetPerson()
}

function forgetPerson(): void {
  me.value = undefined
  offline.value = false
  uni.removeStorageSync(ME_KEY)
  wipeField()
  ownKept.wipe()
  choosePlace('')
  chooseOffice('')
}

/** The page on which this person begins. */
export function landing(): string {
  if (keeperRole.value) return '/keeper/home/index'
  if (teamRole.value) return '/team/home/index'
  if (regionRole.value) return '/team/region/index'
  // Villagers of the panel begin at home like others, and find the vote there.
  const watcher = home.value ? undefined : (panelRole.value ?? watchRole.value)
  return watcher ? officePage(watcher) : '/pages/home/index'
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
