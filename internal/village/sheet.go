package village

import (
	"context"
	"io"
	"slices"
	"strings"

	"hefen/internal/id"
	"hefen/internal/paper"
)

// SheetName is the sheet of a workbook that is imported.
const SheetName = "住户名册"

// Columns of the sheet. A clerk may put them in any order; the other names are taken too.
const (
	colNumber   = "户编号"
	colGroup    = "村民小组"
	colName     = "姓名"
	colRelation = "与户主关系"
	colIDNo     = "身份证号"
	colPhone    = "手机号"
	colBorn     = "出生日期"
	colFlags    = "户标签"
	colOwnFlags = "个人标签"
	colStatus   = "户状态"
	colOwnState = "个人状态"
	colHead     = "户主"
)

var sheetColumns = []string{colNumber, colGroup, colName, colRelation, colIDNo, colPhone, colBorn, colFlags, colOwnFlags, colStatus, colOwnState, colHead}

var requiredColumns = []string{colNumber, colGroup, colName, colRelation}

var columnAliases = map[string]string{
	"户号": colNumber, "编号": colNumber, "户编码": colNumber, "家庭编号": colNumber,
	"组": colGroup, "小组": colGroup, "村小组": colGroup, "组别": colGroup, "所在组": colGroup,
	"成员姓名": colName, "家庭成员": colName, "关系": colRelation, "与户主的关系": colRelation, "家庭关系": colRelation,
	"身份证": colIDNo, "身份证号码": colIDNo, "公民身份号码": colIDNo, "证件号码": colIDNo,
	"手机": colPhone, "电话": colPhone, "联系电话": colPhone, "手机号码": colPhone, "电话号码": colPhone,
	"出生年月": colBorn, "生日": colBorn, "标签": colFlags, "家庭标签": colFlags, "成员标签": colOwnFlags,
	"家庭状态": colStatus, "成员状态": colOwnState, "户主姓名": colHead,
}

// columnOf is the column a heading stands for, "" if none: stars, spaces and what stands in brackets do not matter.
func columnOf(heading string) string {
	h := strings.NewReplacer("*", "", "＊", "", " ", "", "（", "(", "）", ")").Replace(heading)
	if i := strings.IndexByte(h, '('); i > 0 {
		h = h[:i]
	}
	if slices.Contains(sheetColumns, h) {
		return h
	}
	return columnAliases[h]
}

var sheetNotes = []string{
	"一、每人一行，第一行是表头，不要改动。同一户的人用同一个“户编号”，每户要有且只有一位“户主”。",
	"二、红色表头的列必填：户编号、村民小组、姓名、与户主关系。不要合并单元格，每一行都要填。",
	"三、户编号在本村不能重复，以后也不再给别的户用，例如 001、3组-12。要保留前面的 0，请把这一列设为“文本”（本模板已设好）。",
	"四、身份证号填18位，列格式必须是“文本”，否则表格软件会把后几位变成 0。没有身份证号的（如新生儿）请填出生日期，例如 2020-01-31。",
	"五、手机号填11位。身份证号和手机号会加密保存，页面上只显示 138****1234 的样子。",
	"六、户标签写户的情况（党员户、监测户、低保户……），个人标签写本人的情况（党员、志愿者、学生……），多个标签用顿号隔开。",
	"七、户状态、个人状态填：常住、外出、暂停；不填就是常住。去世、迁出、分户、并户请在系统里办理变更，不在这里填。",
	"八、再次导入同一张表会更新，不会重复：按户编号和身份证号（没有身份证号的按姓名）认人。身份证号、手机号、出生日期留空表示不改；标签、状态留空表示没有。没有写进表里的户和人不会被删除。",
	"九、有一处错误，整张表都不导入，并逐行逐列列出要改的地方；改好后重新导入即可。",
	"十、“户主”一列可不填；填了就会核对它与本户户主的姓名是否一致。",
}

var sheetExamples = [][]string{
	{"001", "第一组", "张三", "户主", "（18位身份证号）", "（11位手机号）", "", "党员户", "党员、志愿者", "常住", "常住", "张三"},
	{"001", "第一组", "李小梅", "配偶", "（18位身份证号）", "", "", "", "", "", "", "张三"},
	{"001", "第一组", "张苗苗", "女儿", "", "", "2020-01-31", "", "学生", "", "", "张三"},
	{"002", "第二组", "王老五", "户主", "（18位身份证号）", "（11位手机号）", "", "低保户、监测户", "", "外出", "外出", "王老五"},
}

// WriteTemplate writes the workbook that clerks fill in: the sheet, examples and notes. groups, if known, are offered as
// a list.
func WriteTemplate(w io.Writer, groups []string) error {
	sheet := paper.Sheet{Name: SheetName, Columns: templateColumns(groups), Room: 5000}
	examples := paper.Sheet{Name: "示例", Columns: templateColumns(nil), Rows: slices.Values(sheetExamples)}
	for i := range examples.Columns {
		examples.Columns[i].Choices, examples.Columns[i].Hint = nil, ""
	}
	return paper.WriteExcel(w, sheet, examples, notesSheet())
}

func notesSheet() paper.Sheet {
	return paper.Sheet{Name: "填写说明", Columns: []paper.Column{{Title: "填写说明（请先读）", Width: 110}}, Rows: func(yield func([]string) bool) {
		for _, n := range sheetNotes {
			if !yield([]string{n}) {
				return
			}
		}
	}}
}

func templateColumns(groups []string) []paper.Column {
	statuses := []string{StatusNames[Resident], StatusNames[Away], StatusNames[Suspended]}
	if len(strings.Join(groups, ",")) > 250 || len(groups) > 30 { // a list in a cell holds 255 characters
		groups = nil
	}
	return []paper.Column{
		{Title: colNumber, Width: 12, Required: true, Text: true, Hint: "本村内不重复，例如 001"},
		{Title: colGroup, Width: 14, Required: true, Choices: groups},
		{Title: colName, Width: 12, Required: true},
		{Title: colRelation, Width: 12, Required: true, Choices: Relations},
		{Title: colIDNo, Width: 22, Text: true, Hint: "18位；列格式要是“文本”"},
		{Title: colPhone, Width: 14, Text: true},
		{Title: colBorn, Width: 14, Text: true, Hint: "没有身份证号的人才填，例如 2020-01-31"},
		{Title: colFlags, Width: 18, Hint: "例如 党员户、监测户；多个用顿号隔开"},
		{Title: colOwnFlags, Width: 18, Hint: "例如 党员、志愿者；多个用顿号隔开"},
		{Title: colStatus, Width: 10, Choices: statuses, Strict: true},
		{Title: colOwnState, Width: 10, Choices: statuses, Strict: true},
		{Title: colHead, Width: 12, Hint: "可不填"},
	}
}

// ExportHouseholds writes the register of a village as it is today in the form of the template, ready to be changed and
// imported again. Phone and identity numbers are left out: their cells stay empty, which an import takes as "unchanged".
// It answers how many people it wrote.
func (s *Service) ExportHouseholds(ctx context.Context, village id.ID, w io.Writer) (people int, err error) {
	today := s.Today()
	var failed error
	rows := func(yield func([]string) bool) {
		cursor := ""
		for {
			page, next, err := s.List(ctx, village, Filter{Day: today, Cursor: cursor, Limit: MaxLimit})
			if err != nil {
				failed = err
				return
			}
			for _, h := range page {
				members, err := s.people(ctx, h.ID, today)
				if err != nil {
					failed = err
					return
				}
				for _, m := range members {
					people++
					if !yield([]string{h.Number, h.GroupName, m.Name, m.Relation, "", "", "", strings.Join(h.Flags, "、"),
						strings.Join(m.Flags, "、"), StatusNames[h.Status], StatusNames[m.Status], h.Name}) {
						return
					}
				}
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
	err = paper.WriteExcel(w, paper.Sheet{Name: SheetName, Columns: templateColumns(nil), Rows: rows, Room: 500}, notesSheet())
	if failed != nil {
		err = failed
	}
	return people, err
}
