package village

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/paper"
	"hefen/internal/points"
)

// OpeningSheetName is the sheet of opening balances in a workbook.
const OpeningSheetName = "期初积分"

// Wallet is a column of a sheet of opening balances: a wallet by its code and the name it is headed by.
type Wallet struct{ Code, Name string }

// Opening is one account's balances as the paper book has them.
type Opening struct {
	Row       int
	Owner     id.ID // household, or the member a name stands for
	Household id.ID
	Amounts   map[string]points.Amount
}

// Openings is a sheet of opening balances that was read and compared with the register.
type Openings struct {
	Rows   int
	Lines  []Opening
	Unused []string
	Sum    []byte // of the file
	faults *faults
}

// Clone copies the sheet's mistakes apart, so that a transaction that is run again begins with the same.
func (o *Openings) Clone() *Openings {
	c := *o
	c.faults = o.faults.clone()
	return &c
}

// Fault adds a mistake found by the reader of the sheet's amounts.
func (o *Openings) Fault(row int, column, format string, args ...any) {
	o.faults.add(row, column, "", format, args...)
}

// Err is ErrImport with the first 200 mistakes, or nil if there is none.
func (o *Openings) Err() error {
	if o.faults.count == 0 {
		return nil
	}
	return ErrImport.With("表里有%d处要改，一行都没有录入。改好后请重新导入。", o.faults.count).WithFields(o.faults.shown...)
}

// ReadOpenings reads opening balances (.xlsx or CSV): one row a household, or a person where 姓名 is filled in, and a column for
// each wallet headed by its name. Mistakes are collected; ask Err when all have been added.
func (s *Service) ReadOpenings(ctx context.Context, village id.ID, r io.Reader, wallets []Wallet) (*Openings, error) {
	t, err := paper.Open(r, OpeningSheetName)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	head, _, err := t.Next()
	if errors.Is(err, io.EOF) {
		return nil, paper.ErrEmptyTable
	}
	if err != nil {
		return nil, err
	}
	reader := openingReader{out: &Openings{faults: &faults{bad: map[string]bool{}}, Unused: []string{}, Sum: t.Sum[:]}, wallets: map[int]Wallet{}, seen: map[id.ID]int{}}
	if err := reader.heading(head, wallets); err != nil {
		return nil, err
	}
	if reader.book, err = s.loadNumbers(ctx, village); err != nil {
		return nil, err
	}
	for {
		cells, row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		reader.out.Rows++
		reader.take(row, cells)
	}
	if reader.out.Rows == 0 {
		return nil, paper.ErrEmptyTable
	}
	return reader.out, nil
}

type openingReader struct {
	out                *Openings
	number, head, name int // columns; -1 if the file has none
	wallets            map[int]Wallet
	book               numbers
	seen               map[id.ID]int
}

func (r *openingReader) heading(cells []string, wallets []Wallet) error {
	r.number, r.head, r.name = -1, -1, -1
	var names []string
	for _, w := range wallets {
		names = append(names, w.Name)
	}
	for i, c := range cells {
		at := slices.Index(names, strings.TrimSuffix(c, "*"))
		switch col := columnOf(c); {
		case at >= 0:
			r.wallets[i] = wallets[at]
		case col == colNumber:
			r.number = i
		case col == colHead:
			r.head = i
		case col == colName:
			r.name = i
		case c != "":
			r.out.Unused = append(r.out.Unused, c)
		}
	}
	if r.number < 0 || len(r.wallets) == 0 {
		return ErrImport.With("表头要有“户编号”和至少一列积分（%s）。请下载模板填写。", strings.Join(names, "、"))
	}
	return nil
}

func (r *openingReader) take(row int, cells []string) {
	cell := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return cells[i]
	}
	number := strings.ReplaceAll(cell(r.number), " ", "")
	h := r.book.byNumber[number]
	if h == nil {
		r.out.Fault(row, colNumber, "本村没有编号为“%s”的户，请核对", number)
		return
	}
	if says := cell(r.head); says != "" && says != h.name {
		r.out.Fault(row, colHead, "与名册里 %s 户的户主姓名不一致，请核对", number)
	}
	o := Opening{Row: row, Owner: h.id, Household: h.id, Amounts: map[string]points.Amount{}}
	if name := cell(r.name); name != "" {
		members := h.members[name]
		if len(members) != 1 {
			r.out.Fault(row, colName, "%s 户没有（或不止一个）叫这个名字的人，请核对", number)
			return
		}
		o.Owner = members[0]
	}
	if first := r.seen[o.Owner]; first != 0 {
		r.out.Fault(row, colNumber, "与第%d行重复，请合并成一行", first)
		return
	}
	r.seen[o.Owner] = row
	for i, w := range r.wallets {
		c := strings.NewReplacer(",", "", "，", "", "分", "").Replace(cell(i))
		if c == "" {
			continue
		}
		amount, err := points.Parse(c)
		if err != nil || amount < 0 {
			r.out.Fault(row, w.Name, "请填不小于0的数，最多两位小数，例如 120 或 35.5")
			continue
		}
		if amount > 0 {
			o.Amounts[w.Code] = amount
		}
	}
	r.out.Lines = append(r.out.Lines, o)
}

// numbers is who stands behind a number and a name today.
type numbers struct{ byNumber map[string]*numbered }

type numbered struct {
	id      id.ID
	name    string
	members map[string][]id.ID
}

func (s *Service) loadNumbers(ctx context.Context, village id.ID) (numbers, error) {
	n := numbers{byNumber: map[string]*numbered{}}
	rows, err := s.db.Query(ctx, `SELECT h.id, h.number, h.name, COALESCE(m.id, 0), COALESCE(m.name, '') FROM households h
		LEFT JOIN memberships b ON b.household_id = h.id AND b.to_day = ? LEFT JOIN members m ON m.id = b.member_id
		WHERE h.village_id = ? AND h.to_day = ?`, clock.Forever, village, clock.Forever)
	if err != nil {
		return n, err
	}
	byID := map[id.ID]*numbered{}
	if _, err := collect(rows, func(rows *sql.Rows) (x struct{}, err error) {
		var h, m id.ID
		var number, head, name string
		if err := rows.Scan(&h, &number, &head, &m, &name); err != nil {
			return x, err
		}
		if byID[h] == nil {
			byID[h] = &numbered{id: h, name: head, members: map[string][]id.ID{}}
			n.byNumber[number] = byID[h]
		}
		byID[h].members[name] = append(byID[h].members[name], m)
		return x, nil
	}); err != nil {
		return n, err
	}
	rows, err = s.db.Query(ctx, `SELECT number, household_id FROM household_aliases WHERE village_id = ?`, village)
	if err != nil {
		return n, err
	}
	_, err = collect(rows, func(rows *sql.Rows) (x struct{}, err error) {
		var number string
		var h id.ID
		err = rows.Scan(&number, &h)
		if n.byNumber[number] == nil && byID[h] != nil {
			n.byNumber[number] = byID[h]
		}
		return x, err
	})
	return n, err
}

// WriteOpeningTemplate writes a workbook with a row for every household of the village, ready for its opening balances.
func (s *Service) WriteOpeningTemplate(ctx context.Context, village id.ID, w io.Writer, wallets []Wallet) error {
	columns := []paper.Column{{Title: colNumber, Width: 12, Required: true, Text: true}, {Title: colHead, Width: 12},
		{Title: colName, Width: 12, Hint: "只有给个人记分的村才填"}}
	for _, x := range wallets {
		columns = append(columns, paper.Column{Title: x.Name, Width: 14, Hint: "纸质存折上的余额；没有就不填"})
	}
	var failed error
	rows := func(yield func([]string) bool) {
		for cursor := ""; ; {
			page, next, err := s.List(ctx, village, Filter{Cursor: cursor, Limit: MaxLimit})
			if err != nil {
				failed = err
				return
			}
			for _, h := range page {
				if !yield([]string{h.Number, h.Name}) {
					return
				}
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
	err := paper.WriteExcel(w, paper.Sheet{Name: OpeningSheetName, Columns: columns, Rows: rows, Room: 100})
	if failed != nil {
		err = failed
	}
	return err
}
