package scheme

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// TableRow is a row of a village's table as a clerk keeps it in Excel: its number in the file and its cells.
type TableRow struct {
	Row   int
	Cells []string
}

// Left is a row that a person must enter, and why. Nothing is guessed: whatever cannot be read for certain is left.
type Left struct {
	Row    int
	Name   string
	Reason string
}

// columns are the headings by which the columns of a table are known.
var columns = [...][]string{
	{"类别", "分类", "类型", "大类"}, {"事项", "项目", "内容", "名称", "指标"}, {"分值", "积分", "分数", "得分", "加减分", "标准"},
	{"上限", "封顶", "最高", "最多"}, {"周期", "频次", "时间"}, {"证明", "材料", "佐证", "依据", "凭证"}, {"备注", "说明", "方法"},
}

const (
	colClass = iota
	colItem
	colPoints
	colCap
	colPer
	colEvidence
	colNote
)

type rowItem struct {
	Code     string    `yaml:"code"`
	Name     string    `yaml:"name"`
	Class    string    `yaml:"class"`
	Points   yaml.Node `yaml:"points,omitempty"`
	Range    yaml.Node `yaml:"range,omitempty"`
	PerUnit  yaml.Node `yaml:"per_unit,omitempty"`
	Caps     yaml.Node `yaml:"caps,omitempty"`
	Evidence []string  `yaml:"evidence,omitempty,flow"`
	Hint     string    `yaml:"hint,omitempty"`
}

type rowClass struct {
	Code string `yaml:"code"`
	Name string `yaml:"name"`
}

// FromTable writes a scheme file from a table with one row an item: class, item, points, cap, period, evidence, note. A
// row with headings comes first; an empty class is that of the row above. What it writes passes Parse; the rows that a
// person must enter are listed, and stand as comments at the end of the file. The file is nil where no row can be read.
func FromTable(title string, rows []TableRow) (src []byte, left []Left) {
	if r := []rune(title); len(r) > 60 {
		title = string(r[:60])
	}
	at, rows, ok := headings(rows)
	if !ok {
		return nil, []Left{{Row: 1, Reason: "没有找到表头，请让一行写上“类别、事项、分值”等名称"}}
	}
	var classes []rowClass
	var items []rowItem
	names, class := map[string]int{}, ""
	for _, r := range rows {
		cell := func(col int) string {
			if k := at[col]; k >= 0 && k < len(r.Cells) {
				return plainText(r.Cells[k])
			}
			return ""
		}
		class = orElse(cell(colClass), class)
		name := cell(colItem)
		if name == "" && cell(colPoints) == "" {
			continue
		}
		it, why := readRow(name, cell)
		first, twice := names[name]
		k := slices.IndexFunc(classes, func(c rowClass) bool { return c.Name == class })
		switch {
		case why != "":
		case twice:
			why = "事项名称和第" + strconv.Itoa(first) + "行重复"
		case class == "" || utf8.RuneCountInString(class) > 20:
			why = "没有写类别，或类别超过20个字"
		case k < 0 && len(classes) == 40:
			why = "类别超过40个"
		case len(items) == 500:
			why = "事项超过500个"
		}
		if why != "" {
			left = append(left, Left{r.Row, name, why})
			continue
		}
		names[name] = r.Row
		if k < 0 {
			k = len(classes)
			classes = append(classes, rowClass{"c" + strconv.Itoa(k+1), class})
		}
		it.Code, it.Class = "i"+strconv.Itoa(r.Row), classes[k].Code
		items = append(items, it)
	}
	if len(items) == 0 {
		return nil, left
	}
	return writeTable(title, classes, items, left), left
}

func writeTable(title string, classes []rowClass, items []rowItem, left []Left) []byte {
	var b bytes.Buffer
	b.WriteString("# 由表格导入，请逐项核对。事项的代号（code）记入台账以后不要再改。\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := e.Encode(struct {
		Format  int        `yaml:"format"`
		Title   string     `yaml:"title"`
		Subject string     `yaml:"subject"`
		Wallets []rowPurse `yaml:"wallets"`
		Classes []rowClass `yaml:"classes"`
		Items   []rowItem  `yaml:"items"`
	}{1, orElse(plainText(title), "积分细则"), SubjectHousehold, []rowPurse{{"spend", "可兑积分", KindSpend}, {"year", "年度积分", KindScore}}, classes, items})
	if err != nil {
		panic(err) // plain texts only
	}
	if len(left) > 0 {
		b.WriteString("\n# 下面这些行要人来填：\n")
	}
	for _, l := range left {
		fmt.Fprintf(&b, "# 第%d行 %s：%s\n", l.Row, l.Name, l.Reason)
	}
	return b.Bytes()
}

type rowPurse struct {
	Code string `yaml:"code"`
	Name string `yaml:"name"`
	Kind string `yaml:"kind"`
}

// headings finds the row of headings and where each column stands; -1 where it does not.
func headings(rows []TableRow) (at [len(columns)]int, rest []TableRow, ok bool) {
	for i, r := range rows[:min(len(rows), 10)] {
		taken := make([]bool, len(r.Cells)) // 积分事项 names the item, not the points
		for col := range at {
			at[col] = -1
			for k, c := range r.Cells {
				if !taken[k] && utf8.RuneCountInString(c) <= 8 && slices.ContainsFunc(columns[col], func(h string) bool { return strings.Contains(c, h) }) {
					at[col], taken[k] = k, true
					break
				}
			}
		}
		if at[colItem] >= 0 && at[colPoints] >= 0 {
			return at, rows[i+1:], true
		}
	}
	return at, nil, false
}
