package market

import (
	"cmp"
	"context"
	"io"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/paper"
)

// ExportStatement writes a statement as an Excel sheet.
func (s *Service) ExportStatement(ctx context.Context, a access.Actor, in, shop, statement id.ID, w io.Writer) error {
	if err := a.Allow(MaySeeStock, access.Place{Village: in, Shop: shop}); err != nil {
		return err
	}
	list, err := s.readStatements(ctx, "t.id = ? AND t.village_id = ? AND t.shop_id = ?", statement, in, shop)
	if err != nil || len(list) == 0 {
		return cmp.Or[error](err, ErrNoStatement)
	}
	region, err := s.people.Region(ctx, in)
	if err != nil {
		return err
	}
	return list[0].write(w, region.Name)
}

func (st *Statement) write(w io.Writer, village string) error {
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	return paper.WriteExcel(w, paper.Sheet{Name: "结算单",
		Columns: []paper.Column{{Title: "商品", Width: 24}, {Title: "单位", Width: 8}, {Title: "数量", Width: 10, Number: true}, {Title: "兑换积分", Width: 12, Number: true},
			{Title: "单价（元）", Width: 12, Number: true}, {Title: "金额（元）", Width: 14, Number: true}},
		Rows: func(yield func([]string) bool) {
			for _, l := range st.Lines {
				if !yield([]string{l.Name, l.Unit, count(l.Qty), l.Amount.String(), plainYuan(l.PieceFen), plainYuan(l.WorthFen)}) {
					return
				}
			}
			rows := [][]string{
				{"合计", "", count(st.Pieces), st.Amount.String(), "", plainYuan(st.WorthFen)},
				{st.ShopName, "", st.Month.Chinese(), st.StateName, village, ""},
				{"交单：" + st.MadeBy, "", "审核：" + st.DecidedBy, "", "", ""},
			}
			if st.State == PaidOut {
				rows = append(rows, []string{"付款：" + st.PaidBy, "", st.PaidOn.Chinese(), st.PaidNote, "", plainYuan(st.PaidFen)})
			}
			for _, r := range rows {
				if !yield(r) {
					return
				}
			}
		}})
}
