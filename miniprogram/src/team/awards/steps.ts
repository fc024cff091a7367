import type { Award, AwardObjection, AwardRound } from '@/api/types'
import { showDay, today } from '@/services/dates'

/** What is to be done next about a round: nothing can be but wait, or one act. */
export type Next = 'wait' | 'season' | 'publish' | 'answer' | 'withdraw' | 'freeze' | 'draw' | 'issue' | 'hand'

/** What comes next and why, in words. objections are those of the list that stands. */
export function nextStep(round: AwardRound, objections: AwardObjection[], now = today()): { next: Next; words: string } {
  const a = round.award
  if (!a) {
    if (now < round.on) return { next: 'wait', words: `以${showDay(round.on)}为准，到那天才能公布。现在可以先试算。` }
    if (!round.shut) return { next: 'season', words: '这段时间还在计分。先在“周期结账”里停止计入，再公布名单。' }
    return { next: 'publish', words: '可以公布名单了。先试算，看清楚再公布。' }
  }
  if (a.state === 'published') {
    const open = objections.filter((o) => o.state === 'open').length
    if (open) return { next: 'answer', words: `有${open}件异议等答复，答复完才能定名单。` }
    if (objections.some((o) => o.state === 'upheld')) return { next: 'withdraw', words: '有异议成立。撤回名单，改正以后重新公布。' }
    if (now <= a.object_until) return { next: 'wait', words: `异议期到${showDay(a.object_until)}为止，过了才能定名单。` }
    return { next: 'freeze', words: round.object_days === 0 ? '细则没有定异议期，可以定名单。' : '异议期过了，没有没办完的异议，可以定名单。' }
  }
  if (a.state === 'frozen') {
    if (a.drawings.length && !a.number) return { next: 'draw', words: '名单定了，还要抽签。当众抽出号码，再登记到这里。' }
    return { next: 'issue', words: '可以发放了：积分直接入账，其他的等人来领。' }
  }
  if (a.state === 'issuing') return { next: 'issue', words: '上次发放没有办完，再点一次接着发，不会重复发。' }
  return { next: 'hand', words: issuedWords(a) }
}

/** How many prizes a list that was issued has; none where the rules give no rewards. */
export const prizeTotal = (a: Award): number => a.prizes.posted + a.prizes.due + a.prizes.collected

/** What is left to do about a list that was issued: only what was really given is called given. */
function issuedWords(a: Award): string {
  const { posted, due, collected } = a.prizes
  if (!prizeTotal(a)) return '细则没有给这项评比写奖励，名单留作记录，没有要发的。'
  const given = posted ? '积分已经入账。' : ''
  if (due) return `${given}还有${due}份等人来领，来一个登记一个。`
  return collected ? `${given}奖励都领完了。` : `${given}没有要领的东西了。`
}

/** Where a round stands, in a few letters. */
export function stateName(round: AwardRound): string {
  const names = { published: '公布了', frozen: '名单定了', issuing: '正在发放', issued: '发放了', withdrawn: '撤回了' }
  return round.award ? names[round.award.state] : '还没公布'
}
