package scheme

import (
	"strings"
	"testing"
)

func TestFromTable(t *testing.T) {
	rows := []TableRow{{1, []string{"某某村积分表"}}, {2, []string{"类别", "积分事项", "分值", "上限", "周期", "证明材料", "备注"}}}
	row := 2
	add := func(cells ...string) { row++; rows = append(rows, TableRow{row, cells}) }
	want := map[int]string{}
	for _, tt := range []struct{ points, cap, per, evidence, words string }{
		{"5", "", "", "", "每次5分||不用证明材料"},
		{"+5", "10", "每月", "照片", "每次5分|每月最多10分|照片"},
		{"-10", "", "", "无", "每次扣10分||不用证明材料"},
		{"扣10分", "", "", "", "每次扣10分||不用证明材料"},
		{"5分/次", "2次", "月", "照片或双方确认", "每次5分|每月最多2次|照片或双方确认"},
		{"1-20", "", "", "", "1—20分||不用证明材料"},
		{"1～20分", "", "", "", "1—20分||不用证明材料"},
		{"扣5-10分", "", "", "", "扣5—10分||不用证明材料"},
		{"-5至-10", "", "", "", "扣5—10分||不用证明材料"},
		{"每次2分，每月最多10分", "", "", "", "每次2分|每月最多10分|不用证明材料"},
		{"每小时2分", "8分", "每天", "", "每小时2分（四舍五入到整分）|每天最多8分|不用证明材料"},
		{"0.5分/公斤", "", "", "", "每公斤0.5分（四舍五入到整分）||不用证明材料"},
		{"３分", "", "每年1次", "", "每次3分|每年最多1次|不用证明材料"},
		{"5分", "1次/年", "", "证书", "每次5分|每年最多1次|证书或通知书"},
	} {
		add("", "事项"+string(rune('甲'+row)), tt.points, tt.cap, tt.per, tt.evidence, "说明: #1")
		want[row] = tt.words
	}
	rows[2].Cells[0] = "人居环境"
	leave := map[int]string{}
	for points, why := range map[string]string{"酌情": "看不懂", "": "看不懂", "0": "是0", "+5/-2": "看不懂", "5或10": "看不懂", "5,每月不定": "上限看不懂", "一等奖10分": "看不懂", "9999999": "看不懂", "每次": "看不懂", "2026-01-20": "看不懂"} {
		add("", "留下"+points, points)
		leave[row] = why
	}
	add("", "没有周期", "5", "10")
	leave[row] = "看不懂"
	add("", "没有上限", "5", "", "每月")
	leave[row] = "没有写上限"
	add("", "矛盾", "5", "每月10分", "每年")
	leave[row] = "看不懂"
	add("", "材料", "5", "", "", "村委会认定")
	leave[row] = "证明"
	add("", "材料二", "5", "", "", "照片和证书")
	leave[row] = "有几样"
	add("", strings.Repeat("长", 41), "5")
	leave[row] = "超过40个字"
	add("", "事项"+string(rune('甲'+2)), "5")
	leave[row] = "和第3行重复"

	src, left := FromTable("某村: 细则 # 一", rows)
	s, problems := Parse(src)
	if s == nil || len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, src)
	}
	if len(s.Items) != len(want) || s.Title != "某村: 细则 # 一" || s.Items[0].Words.Class != "人居环境" || s.Items[0].Hint != "说明: #1" {
		t.Errorf("%d items, want %d\n%s", len(s.Items), len(want), src)
	}
	for i := range s.Items {
		it := &s.Items[i]
		if got := it.Words.Value + "|" + it.Words.Caps + "|" + it.Words.Evidence; got != want[i+3] {
			t.Errorf("row %d: %s, want %s", i+3, got, want[i+3])
		}
	}
	if len(left) != len(leave) {
		t.Errorf("%d left, want %d: %+v", len(left), len(leave), left)
	}
	for _, l := range left {
		if !strings.Contains(l.Reason, leave[l.Row]) || leave[l.Row] == "" {
			t.Errorf("%+v, want %s", l, leave[l.Row])
		}
	}
	if src, left := FromTable("某村", rows[:1]); src != nil || len(left) != 1 {
		t.Errorf("without headings: %s %v", src, left)
	}
}

// FuzzFromTable: whatever stands in the cells, what is written can be used.
func FuzzFromTable(f *testing.F) {
	f.Add("环境", "清扫", "5分", "10", "每月", "照片", "说明")
	f.Add("a: b", "- x", "1-20", "", "", "", "\"#")
	f.Fuzz(func(t *testing.T, class, name, value, limit, per, evidence, note string) {
		src, _ := FromTable("某村", []TableRow{{1, []string{"类别", "事项", "分值", "上限", "周期", "证明", "备注"}}, {2, []string{class, name, value, limit, per, evidence, note}}})
		if src == nil {
			return
		}
		if s, problems := Parse(src); s == nil {
			t.Fatalf("%v\n%q", problems, src)
		}
	})
}
