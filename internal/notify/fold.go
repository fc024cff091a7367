package notify

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/message"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// linesPerPosting is how many entries most postings have at most; where they have more, postingsOf reads on.
const linesPerPosting = 3

// writing is the longest time between the id of a posting and those of its entries.
const writing = time.Minute

// postingsOf folds the newest postings of an account between two ids. An item has the id of its posting. The entries of one
// follow one another in the account's book and have higher ids, which bound what the index reads.
func (s *Service) postingsOf(ctx context.Context, a account, after, before id.ID, limit int) ([]Item, error) {
	var out []Item
	scores := map[id.ID]points.Amount{} // of postings that moved nothing that can be spent
	top := before
	if before < 1<<62 {
		top += id.Apart(writing)
	}
	read := (limit + 1) * linesPerPosting
	for more := true; more && len(out) <= limit; {
		rows, err := s.db.Query(ctx, `SELECT e.id, e.posting_id, e.kind, e.ref, e.case_id, e.title, e.created_at, e.bucket, e.amount, b.kind FROM entries e
			JOIN balances b ON b.account_id = e.account_id AND b.wallet = e.wallet AND b.bucket = e.bucket
			WHERE e.account_id = ? AND e.id < ? AND e.id > ? AND e.posting_id < ? AND e.posting_id > ? ORDER BY e.id DESC LIMIT `+strconv.Itoa(read), a.id, top, after, before, after)
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		n := 0
		err = each(rows, func() error {
			n++
			var e ledger.Entry
			var wallet string
			if err := rows.Scan(&e.ID, &e.Posting, &e.Kind, &e.Ref, &e.Case, &e.Title, &e.At, &e.Bucket, &e.Amount, &wallet); err != nil {
				return err
			}
			top = e.ID
			kind, ok := told[e.Kind]
			if !ok {
				return nil
			}
			if l := len(out); l == 0 || out[l-1].ID != e.Posting {
				out = append(out, item(a, &e, kind))
			}
			last := &out[len(out)-1]
			switch {
			case wallet == scheme.KindSpend:
				last.Amount += e.Amount
			case wallet == scheme.KindScore:
				scores[e.Posting] += e.Amount
			}
			last.Body = bodies[e.Kind]
			if e.Kind == ledger.Award && e.Bucket == ledger.Pending {
				last.Body = "已评定，公示期满后生效。"
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		more = n == read
	}
	for i := range out {
		if out[i].Amount == 0 {
			out[i].Amount = scores[out[i].ID]
		}
	}
	return out[:min(limit, len(out))], nil
}

func item(a account, e *ledger.Entry, kind message.Kind) Item {
	out := Item{ID: e.Posting, Village: a.village, Household: a.household, Member: a.member, Kind: kind, KindName: kind.Name(), At: e.At,
		Title: titleOf(e), About: message.About{Kind: "posting", ID: e.Posting}}
	switch n, err := strconv.ParseInt(e.Ref, 10, 64); {
	case e.Case != 0:
		out.About = message.About{Kind: "case", ID: e.Case}
	case e.Kind == ledger.Redeem && err == nil:
		out.About = message.About{Kind: "redemption", ID: id.ID(n)}
	}
	return out
}

// titleOf begins with the word of the kind, once.
func titleOf(e *ledger.Entry) string {
	begin := titles[e.Kind]
	word := strings.TrimSuffix(begin, "：")
	switch rest, found := strings.CutPrefix(e.Title, word); {
	case found:
		return begin + rest
	case word != "" && strings.Contains(e.Title, word+"："):
		return e.Title // 有异议，冻结：清扫
	}
	return begin + e.Title
}

// titles begin the title of a posting, bodies say what it means.
var titles = map[ledger.Kind]string{
	ledger.Award: "加分：", ledger.Deduct: "扣分：", ledger.Prize: "奖励：", ledger.Reversal: "冲正：", ledger.Adjust: "更正：", ledger.Effect: "已生效：",
	ledger.Freeze: "冻结：", ledger.Expire: "", ledger.Redeem: "", ledger.Opening: "期初积分：", ledger.Carry: "结转：", ledger.Grant: "基础分：",
	ledger.Reset: "清零：", ledger.Succession: "",
}

var bodies = map[ledger.Kind]string{
	ledger.Deduct: "如有异议，请在村里公示期内提出。", ledger.Reversal: "原来的一笔有误，已经撤销。", ledger.Adjust: "原来的一笔有误，已按更正后的计算。",
	ledger.Effect: "公示期满，积分可以使用了。", ledger.Freeze: "有异议正在办理，办结前这些积分暂不能使用。",
	ledger.Redeem: "不是本人或家人办理的，请联系村里核对。", ledger.Expire: "超过有效期，积分已清除。",
}
