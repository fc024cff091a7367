package village

import (
	"errors"
	"io"
	"slices"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/paper"
)

// line is one row of the file, one person.
type line struct {
	row      int
	name     string
	relation string
	idno     string
	phone    string
	born     clock.Day
	status   string
	flags    []string
}

// draft is a household as the file has it.
type draft struct {
	number    string
	row       int // of its first line
	group     string
	status    string
	flags     []string
	headSays  string // content of the column 户主
	lines     []line
	statusRow int
	flagsRow  int
	headRow   int
}

// sheet is a file that was read; what is wrong with it by itself is in faults.
type sheet struct {
	rows     int
	homeless int // rows without a number
	has      map[string]bool
	unused   []string
	drafts   []*draft
	byNumber map[string]*draft
	faults   *faults
	sum      []byte // of the file
}

func readSheet(r io.Reader, today clock.Day, progress func(string, int, int)) (*sheet, error) {
	t, err := paper.Open(r, SheetName)
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
	s := &sheet{has: map[string]bool{}, byNumber: map[string]*draft{}, faults: &faults{bad: map[string]bool{}}, unused: []string{}, sum: t.Sum[:]}
	columns, err := s.heading(head)
	if err != nil {
		return nil, err
	}
	people := map[string]int{} // identity numbers seen, with their rows
	for {
		cells, row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		s.rows++
		s.take(row, columns, cells, today, people)
		if s.rows%1000 == 0 {
			progress("读取", s.rows, 0)
		}
	}
	if s.rows == 0 {
		return nil, paper.ErrEmptyTable
	}
	for _, d := range s.drafts {
		s.checkDraft(d)
	}
	return s, nil
}

// heading finds which column is where.
func (s *sheet) heading(cells []string) (columns []string, err error) {
	columns = make([]string, len(cells))
	for i, c := range cells {
		col := columnOf(c)
		switch {
		case col == "" && c != "":
			s.unused = append(s.unused, c)
		case s.has[col]:
			return nil, ErrImport.With("表头里“%s”出现了两次，请删去一列。", col)
		case col != "":
			columns[i] = col
			s.has[col] = true
		}
	}
	var missing []string
	for _, c := range requiredColumns {
		if !s.has[c] {
			missing = append(missing, c)
		}
	}
	if missing != nil {
		return nil, ErrImport.With("表头里缺少：%s。请下载模板，把内容填进模板里再导入。", strings.Join(missing, "、"))
	}
	return columns, nil
}

// take checks one row by itself and adds it to its household.
func (s *sheet) take(row int, columns, cells []string, today clock.Day, people map[string]int) {
	cell := map[string]string{}
	for i, c := range cells {
		if i < len(columns) && columns[i] != "" {
			cell[columns[i]] = c
		}
	}
	number := strings.ReplaceAll(cell[colNumber], " ", "")
	bad := func(column, format string, args ...any) { s.faults.add(row, column, number, format, args...) }
	switch {
	case number == "":
		bad(colNumber, "没有填户编号；每一行都要填，合并的单元格请先取消合并")
	case !goodNumber(number):
		bad(colNumber, badNumber)
	}
	l := line{row: row, name: cell[colName], relation: strings.ReplaceAll(cell[colRelation], " ", "")}
	if l.name == "" {
		bad(colName, "没有填姓名")
	} else if !goodName(l.name) {
		bad(colName, badName)
	}
	if l.relation == "本人" {
		l.relation = Head
	}
	if l.relation == "" {
		bad(colRelation, "没有填与户主关系；户主本人请填“户主”")
	} else if !goodLabel(l.relation, 8) {
		bad(colRelation, badRelation)
	}
	s.takeIdentity(&l, cell, today, people, bad)
	var problem string
	if l.flags, problem = splitFlags(cell[colOwnFlags]); problem != "" {
		bad(colOwnFlags, "%s", problem)
	}
	if l.status, problem = readStatus(cell[colOwnState]); problem != "" {
		bad(colOwnState, "%s", problem)
	}
	if number == "" {
		s.homeless++
		return
	}
	d := s.byNumber[number]
	if d == nil {
		d = &draft{number: number, row: row}
		s.byNumber[number] = d
		s.drafts = append(s.drafts, d)
	}
	d.take(row, cell, bad)
	d.lines = append(d.lines, l)
}

func (s *sheet) takeIdentity(l *line, cell map[string]string, today clock.Day, people map[string]int, bad func(string, string, ...any)) {
	var problem string
	if c := cell[colBorn]; c != "" {
		if l.born, problem = parseBorn(c, today); problem != "" {
			bad(colBorn, "%s", problem)
		}
	}
	if c := cell[colIDNo]; c != "" {
		no, born, problem := parseIDNo(c, today)
		switch {
		case problem != "":
			bad(colIDNo, "%s", problem)
		case people[no] != 0:
			bad(colIDNo, "与第%d行的身份证号相同，一个人只能写一行", people[no])
		case l.born != 0 && l.born != born:
			bad(colBorn, "与身份证号里的出生日期不一致")
		default:
			people[no], l.idno, l.born = l.row, no, born
		}
	}
	if c := cell[colPhone]; c != "" {
		if l.phone, problem = parsePhone(c); problem != "" {
			bad(colPhone, "%s", problem)
		}
	}
}

// take adds what a row says about the household; other rows may leave it out but not say otherwise.
func (d *draft) take(row int, cell map[string]string, bad func(string, string, ...any)) {
	if g := cell[colGroup]; g == "" {
		bad(colGroup, "没有填村民小组；每一行都要填，合并的单元格请先取消合并")
	} else if d.group == "" {
		d.group = g
	} else if g != d.group {
		bad(colGroup, "同一户在第%d行写的是“%s”，请统一", d.row, d.group)
	}
	if c := cell[colStatus]; c != "" {
		st, problem := readStatus(c)
		switch {
		case problem != "":
			bad(colStatus, "%s", problem)
		case d.statusRow != 0 && st != d.status:
			bad(colStatus, "同一户在第%d行写的不一样，请统一", d.statusRow)
		default:
			d.status, d.statusRow = st, row
		}
	}
	if c := cell[colFlags]; c != "" {
		flags, problem := splitFlags(c)
		switch {
		case problem != "":
			bad(colFlags, "%s", problem)
		case d.flagsRow != 0 && !slices.Equal(flags, d.flags):
			bad(colFlags, "同一户在第%d行写的不一样，请统一（或只写在户主那一行）", d.flagsRow)
		default:
			d.flags, d.flagsRow = flags, row
		}
	}
	if c := cell[colHead]; c != "" {
		if d.headRow != 0 && c != d.headSays {
			bad(colHead, "同一户在第%d行写的不一样，请统一", d.headRow)
		} else {
			d.headSays, d.headRow = c, row
		}
	}
}

// checkDraft checks a household as a whole.
func (s *sheet) checkDraft(d *draft) {
	heads, names := []int{}, map[string]line{}
	for i, l := range d.lines {
		if l.relation == Head {
			heads = append(heads, i)
		}
		if twin, ok := names[l.name]; ok && l.name != "" && (l.idno == "" || twin.idno == "") {
			s.faults.add(l.row, colName, d.number, "本户第%d行也叫这个名字；若是两个人，请都填身份证号，否则删去一行", twin.row)
		}
		names[l.name] = l
	}
	switch {
	case len(heads) == 0:
		s.faults.add(d.row, colRelation, d.number, "这户（%s）没有户主；请把户主那一行的关系填为“户主”", d.number)
	case len(heads) > 1:
		s.faults.add(d.lines[heads[1]].row, colRelation, d.number, "这户（%s）在第%d行已有户主，一户只能有一位", d.number, d.lines[heads[0]].row)
	case d.headSays != "" && d.headSays != d.lines[heads[0]].name:
		s.faults.add(d.headRow, colHead, d.number, "与本户户主的姓名不一致，请核对")
	}
	if len(d.lines) > MaxMembers {
		s.faults.add(d.row, colNumber, d.number, "这户有%d人，一户最多%d人；请核对户编号是否重复", len(d.lines), MaxMembers)
	}
}

func (d *draft) head() line {
	for _, l := range d.lines {
		if l.relation == Head {
			return l
		}
	}
	return line{}
}

// splitFlags reads labels separated by 、 , ; or spaces, sorted.
func splitFlags(c string) (flags []string, problem string) {
	for _, f := range strings.FieldsFunc(c, func(r rune) bool { return strings.ContainsRune("、，,;；/ ", r) }) {
		if f != "无" && !slices.Contains(flags, f) {
			flags = append(flags, f)
		}
	}
	if !goodFlags(flags) {
		return nil, badFlag
	}
	slices.Sort(flags)
	return flags, ""
}

func readStatus(c string) (status, problem string) {
	if c == "" {
		return Resident, ""
	}
	for _, s := range []string{Resident, Away, Suspended} {
		if c == StatusNames[s] {
			return s, ""
		}
	}
	if c == "外出务工" {
		return Away, ""
	}
	return "", "只能填：常住、外出、暂停；去世、迁出、分户请在系统里办理变更"
}
