/**
 * The privacy statement that people agree to before they log in on H5, and WeChat's own question before the mini-program
 * may use a phone number, the camera or the album.
 */
import { ref } from 'vue'

/** Rises when the statement changes in substance: people are then asked again. */
export const PRIVACY_VERSION = '2026-11'

const AGREED_KEY = 'hefen.privacy'

const agreedTo = ref(String(uni.getStorageSync(AGREED_KEY) || ''))

export function hasAgreed(): boolean {
  return agreedTo.value === PRIVACY_VERSION
}

export function keepAgreed(agreed: boolean): void {
  agreedTo.value = agreed ? PRIVACY_VERSION : ''
  if (agreed) uni.setStorageSync(AGREED_KEY, PRIVACY_VERSION)
  else uni.removeStorageSync(AGREED_KEY)
}

type Answer = (answer: { event: 'agree' | 'disagree' | 'exposureAuthorization'; buttonId?: string }) => void

const question = ref<{ what: string; answer: Answer }>()

/** What WeChat waits for, while the sheet that asks stands on the page. */
export const privacyQuestion = question

/** The words for what an interface of WeChat's uses. */
export function privateThing(referrer: string): string {
  if (/phone/i.test(referrer)) return '您的手机号，用来找到您家'
  if (/scan|image|media|camera|photo/i.test(referrer)) return '相机或相册，用来扫码和拍照'
  if (/location/i.test(referrer)) return '您的位置'
  return '您的信息'
}

/** At the start of the mini-program: WeChat asks here before it gives anything private. */
export function watchPrivacy(): void {
  // #ifdef MP-WEIXIN
  if (typeof wx === 'undefined' || !wx.onNeedPrivacyAuthorization) return
  wx.onNeedPrivacyAuthorization((resolve: Answer, info?: { referrer?: string }) => {
    question.value?.answer({ event: 'disagree' })
    resolve({ event: 'exposureAuthorization' })
    question.value = { what: privateThing(info?.referrer ?? ''), answer: resolve }
  })
  // #endif
}

/** The person's answer; WeChat checks that the button with this id was pressed. */
export function answerPrivacy(agreed: boolean, buttonId = ''): void {
  const asked = question.value
  question.value = undefined
  asked?.answer(agreed ? { event: 'agree', buttonId } : { event: 'disagree' })
}

/** WeChat's own page of what the mini-program has declared. */
export function openContract(): void {
  // #ifdef MP-WEIXIN
  wx.openPrivacyContract?.({})
  // #endif
}
