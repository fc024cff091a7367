package httpapi

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/paper"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

func (s *Server) registerExport(a *api) {
	const own = "/villages/{village}/households/{household}/export"
	register(a, get(own, "export-household", "导出自家的资料：家庭、积分、记录、兑换").tagged("export"), access.MayOwn, s.exportHousehold)
	registerRaw(a, get(own+"/excel", "export-household-excel", "导出自家的资料（Excel）").tagged("export"), access.MayOwn, s.exportHouseholdExcel)
}

// maxExport bounds each list of an export; a household has some hundreds of lines a year.
const maxExport = 20_000

// accountExport is what is kept about a user besides the village's register.
type accountExport struct {
	Me       access.Me        `json:"me"`
	Sessions []access.Device  `json:"sessions"`
	Consents []access.Consent `json:"consents"`
	At       int64            `json:"exported_at" doc:"milliseconds since 1970 UTC"`
}

func (s *Server) exportAccount(ctx context.Context, by access.Actor, _ *struct{}) (out accountExport, err error) {
	if out.Me, err = s.Access.Me(ctx, by); err != nil {
		return out, err
	}
	if out.Sessions, err = s.Access.Sessions(ctx, by); err != nil {
		return out, err
	}
	out.At = clock.Ms(s.Now())
	out.Consents, err = s.Access.Consents(ctx, by)
	return out, err
}

// householdExport is what is kept about a household.
type householdExport struct {
	Household   village.Detail   `json:"household"`
	Books       []bookExport     `json:"books" doc:"one for the household, or one for each person where persons are scored"`
	Cases       []cases.View     `json:"cases" doc:"deeds that were entered for it"`
	Redemptions []market.Receipt `json:"redemptions"`
	At          int64            `json:"exported_at" doc:"milliseconds since 1970 UTC"`
}

type bookExport struct {
	Account id.ID        `json:"account"`
	Name    string       `json:"name"`
	Wallets []walletView `json:"wallets"`
	Entries []entryView  `json:"entries" doc:"newest first"`
}

func (s *Server) exportHousehold(ctx context.Context, by access.Actor, in *InHousehold) (householdExport, error) {
	return s.gather(ctx, by, in)
}

// gather reads everything through the features, as the caller may see it.
func (s *Server) gather(ctx context.Context, by access.Actor, in *InHousehold) (out householdExport, err error) {
	first := &InPassbook{InHousehold: *in}
	h, err := s.holder(ctx, by, first)
	if err != nil {
		return out, err
	}
	out.Household, out.At = h.household, clock.Ms(s.Now())
	members := []id.ID{0}
	if h.rules.Subject == scheme.SubjectPerson {
		members = members[:0]
		for _, m := range h.household.People {
			members = append(members, m.ID)
		}
	}
	for _, m := range members {
		book, err := s.gatherBook(ctx, by, &InPassbook{InHousehold: *in, Member: idParam{m}})
		if err != nil {
			return out, err
		}
		out.Books = append(out.Books, book)
	}
	if out.Cases, err = s.gatherCases(ctx, by, in); err != nil {
		return out, err
	}
	out.Redemptions, err = s.gatherRedemptions(ctx, by, in)
	return out, err
}

func (s *Server) gatherBook(ctx context.Context, by access.Actor, in *InPassbook) (bookExport, error) {
	h, err := s.holder(ctx, by, in)
	if err != nil {
		return bookExport{}, err
	}
	var view passbookView
	if err := s.wallets(ctx, &h, &view); err != nil {
		return bookExport{}, err
	}
	book := bookExport{Account: h.account, Name: h.name, Wallets: view.Wallets, Entries: []entryView{}}
	if book.Name == "" {
		book.Name = h.household.Name
	}
	for before := id.ID(0); ; {
		items, next, err := s.entryPage(ctx, &h, before, 100)
		if err != nil {
			return bookExport{}, err
		}
		book.Entries = append(book.Entries, items...)
		if next == 0 || len(book.Entries) >= maxExport {
			return book, nil
		}
		before = next
	}
}

func (s *Server) gatherCases(ctx context.Context, by access.Actor, in *InHousehold) ([]cases.View, error) {
	all := []cases.View{}
	for f := (cases.Filter{Household: in.Household.ID, Limit: 100}); ; {
		page, err := s.Cases.List(ctx, by, in.Village.ID, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" || len(all) >= maxExport {
			return all, nil
		}
		if f.Before, err = id.Parse(page.Next); err != nil {
			return nil, fmt.Errorf("cursor of cases: %w", err)
		}
	}
}

func (s *Server) gatherRedemptions(ctx context.Context, by access.Actor, in *InHousehold) ([]market.Receipt, error) {
	all := []market.Receipt{}
	for p := (market.Page{Limit: 100}); ; {
		page, err := s.Market.RedemptionsOf(ctx, by, in.Village.ID, in.Household.ID, p)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if p.Cursor = page.Next; page.Next == "" || len(all) >= maxExport {
			return all, nil
		}
	}
}

func (s *Server) exportHouseholdExcel(ctx context.Context, by access.Actor, in *InHousehold) (*download, error) {
	all, err := s.gather(ctx, by, in)
	if err != nil {
		return nil, err
	}
	return excel("household", func(w io.Writer) error { return all.write(w) })
}

// write makes a workbook of four sheets.
func (e *householdExport) write(w io.Writer) error {
	people := func(yield func([]string) bool) {
		for _, m := range e.Household.People {
			if !yield([]string{m.Name, m.Relation, m.Phone, yesNo(m.HasIDNo)}) {
				return
			}
		}
	}
	entries := func(yield func([]string) bool) {
		for _, b := range e.Books {
			for _, x := range b.Entries {
				reasons := ""
				for i, r := range x.Reasons {
					if i > 0 {
						reasons += "；"
					}
					reasons += r
				}
				if !yield([]string{b.Name, x.OccurredOn.String(), x.KindName, x.Title, text(x.Amount), x.WalletName, text(x.BalanceAfter), text(x.Score), reasons}) {
					return
				}
			}
		}
	}
	deeds := func(yield func([]string) bool) {
		for _, c := range e.Cases {
			if !yield([]string{c.OccurredOn.String(), c.ItemName, c.MemberName, c.StateName, text(c.Points), c.Note, c.AuthorName}) {
				return
			}
		}
	}
	goods := func(yield func([]string) bool) {
		for _, r := range e.Redemptions {
			for _, l := range r.Lines {
				if !yield([]string{r.On.String(), r.Number, l.Name, strconv.FormatInt(l.Qty, 10) + l.Unit, text(l.Amount), r.StateName, r.KeeperName}) {
					return
				}
			}
		}
	}
	return paper.WriteExcel(w,
		paper.Sheet{Name: "家庭成员", Columns: columns("姓名", "关系", "电话（部分隐去）", "登记了证件号"), Rows: people},
		paper.Sheet{Name: "积分流水", Columns: columns("谁的积分", "日期", "种类", "事由", "积分", "钱包", "之后余额", "排名积分", "缘由"), Rows: entries},
		paper.Sheet{Name: "记录", Columns: columns("日期", "事项", "谁做的", "状态", "积分", "说明", "记录人"), Rows: deeds},
		paper.Sheet{Name: "兑换", Columns: columns("日期", "凭条号", "商品", "数量", "积分", "状态", "经手人"), Rows: goods})
}

func columns(titles ...string) []paper.Column {
	all := make([]paper.Column, len(titles))
	for i, t := range titles {
		all[i] = paper.Column{Title: t, Width: 14, Text: true}
	}
	return all
}

func text(a points.Amount) string { return a.String() }

func yesNo(b bool) string {
	if b {
		return "是"
	}
	return "否"
}
