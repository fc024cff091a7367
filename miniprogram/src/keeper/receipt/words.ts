/** What a receipt says in sentences, on the page and aloud. */
import type { Redemption } from '@/api/types'
import { formatPoints } from '@/services/points'

const ways: Record<string, string> = { card: '凭积分卡', phone: '凭手机上的码', lease: '没有信号时凭积分卡' }
const proofs: Record<string, string> = { pin: '核对了登录密码', phone: '核对了手机', signature: '本人（代领人）签字' }

export function notesOf(r: Redemption): string[] {
  const how = [ways[r.way ?? ''], proofs[r.proof ?? '']].filter(Boolean).join('，')
  return [
    how,
    r.agent ? `代领人：${r.agent.name}（${r.agent.relation_name}）` : '',
    r.top_up ? `差${formatPoints(r.top_up.points)}分，现金补了${(r.top_up.fen / 100).toFixed(2)}元` : '',
    r.fee_for ? `抵扣：${r.fee_for}` : '',
    r.owed ? `积分不够，欠${formatPoints(r.owed)}分` : '',
    r.reservation ? '领取预约' : '',
  ].filter(Boolean)
}

export function spoken(r: Redemption): string {
  const things = r.lines.map((l) => `${l.name}${l.qty}${l.unit || '件'}`).join('，')
  return `兑换成功，${r.household_name}，换了${things}，扣除${formatPoints(r.total)}分，还剩${formatPoints(r.balance_after)}分。`
}
