package scheme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// line37 is a correct file whose 37th line is the name of an item.
func line37(t testing.TB) []string {
	t.Helper()
	head := strings.Split(strings.TrimRight(village, "\n"), "\n")
	lines := append([]string{}, head...)
	for len(lines) < 35 {
		lines = append(lines, "# 说明")
	}
	lines = append(lines, "  - code: last", "    name: 最后一项", "    class: free", "    points: 5", "    caps: [{per: month, points: 10}]", "    review: {direct: true}")
	if _, problems := Parse([]byte(strings.Join(lines, "\n"))); len(problems) > 0 {
		t.Fatal(problems)
	}
	return lines
}

func TestParseNamesThePlace(t *testing.T) {
	lines := line37(t)
	for _, tt := range []struct{ line, want string }{
		{"37     name：最后一项", "37:5 syntax 用了中文冒号"},
		{"37     nmae: 最后一项", "37:5 unknown_key 不认识“nmae”这一项。是不是想写 name？"},
		{"37     名称: 最后一项", "37:5 unknown_key 不认识“名称”这一项。是不是想写 name？"},
		{"37     name:", "37:10 empty_value name（名称）后面没有写内容"},
		{"37    name: 最后一项", "37:4 syntax 这一行的缩进或冒号不对"},
		{"37      name: 最后一项", "37:6 syntax 这一行的缩进或冒号不对"},
		{"37     name: \"最后", "37:11 syntax 引号没有成对"},
		{"37     name: a: b", "37:11 syntax 这一行的缩进或冒号不对"},
		{"37 \tname: 最后", "37:1 tab 行首用了制表符"},
		{"37     name: 2026", "37:11 type name（名称）要写文字，这里写的是数字，请加引号"},
		{"37     name: &a 最后", "37:11 anchor 不能使用引用"},
		{"37     name: *a", "37:11 anchor 不能使用引用"},
		{"37     name: !!str 最后", "37:11 tag 不能使用类型标记"},
		{"37     name: 清扫", "37:11 duplicate 名称“清扫”与第16行重复"},
		{"37     name: 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一", "37:11 length name（名称）有41个字，最多40个字"},
		{"37     code: again", "37:5 duplicate_key “code”写了两次，前一次在第36行"},
		{"36   - code: Last", "36:11 pattern code（代号）“Last”的写法不对"},
		{"36   - code: sweep", "36:11 duplicate 代号“sweep”与第16行重复"},
		{"38     class: fre", "38:12 reference 没有“fre”这个类别"},
		{"39     points: 五", "39:13 type points（固定分值）要写数字，这里写的是文字"},
		{"39     points: 1.234", "39:13 amount “1.234”的小数太多"},
		{"39     points: 1e1", "39:13 type points（固定分值）要写数字"},
		{"39     points: 0x10", "39:13 type points（固定分值）要写数字"},
		{"39     points: 0", "39:13 zero 分值是0"},
		{"39     points: 100000.01", "39:13 number points（固定分值）太大，最大是100000"},
		{"39     points: [5", "39:13 syntax 括号没有成对"},
		{"39     points: -5", "41:13 review 扣分事项不能直接生效"},
		{"39     range: {from: 1, to: 5}", "41:13 review 要人评定的事项不能直接生效"},
		{"39     range: {from: 5, to: 1}", "39:12 range 范围的最少要小于最多"},
		{"39     hint: 没有分值", "36:5 no_value 事项“最后一项”没有写分值"},
		{"40     range: {from: 1, to: 5}", "40:12 two_values 事项“最后一项”写了两种分值：points、range"},
		{"40     caps: [{per: moth, points: 10}]", "40:18 choice per（周期）不能写“moth”"},
		{"40     caps: [{per: month}]", "40:12 cap 上限要写分数或次数"},
		{"40     caps: [{per: month, points: 10, times: 1}]", "40:12 cap 上限要写分数或次数"},
		{"40     caps: [{per: month, points: 3}]", "40:12 cap_small 上限3分比一次的5分还少"},
		{"40     credits: [spent]", "40:15 reference “spent”不是可以记分的钱包"},
		{"40     warn_first: {months: 12}", "40:17 warn_first 加分事项不用先警告"},
		{"40     evidence: [photo, selfie]", "40:23 choice evidence（证明）不能写“selfie”"},
		{"40     from: 2026-02-30", "40:11 date 没有“2026-02-30”这一天"},
		{"40     from: 2026/02/01", "40:11 pattern from（开始施行）“2026/02/01”的写法不对"},
		{"41     review: {levels: 0}", "41:13 review 审核级数是0"},
		{"41     review: {levels: 1, direct: true}", "41:13 review 既写了直接生效，又写了审核级数"},
		{"41     review: direct", "41:13 type review（审核）要写下一层的几项"},
		{"8   - {code: honor, name: 荣誉积分, kind: score, floor: 0}", "8:51 wallet 计入排名的钱包扣分总是扣足"},
		{"5   - {code: spend, name: 可兑积分, kind: base}", "5:5 base 有基础分钱包"},
		{"1 format: 2", "1:9 choice format（格式）只能写 1"},
		{"25   - {code: lend, name: 记欠, class: free, points: -3, credits: [loan]}", "25:62 score_deduction 扣分没有记入计入排名的钱包“年度积分”"},
		{"25   - {code: lend, name: 因上访, class: free, points: -3, credits: [loan, year]}", "25:24 rights 事项里有“上访”"},
		{"23   - {code: help, name: 帮工, class: free, steps: {unit: 小时, tiers: [{up_to: 2, points: 1}, {up_to: 3, points: 2}]}}", "23:98 steps 最后一档不能写到多少为止"},
		{"42 ---\nformat: 1", "42:1 documents 一个文件里只能有一份细则"},
	} {
		var n int
		var text string
		if _, err := fmt.Sscanf(tt.line, "%d", &n); err != nil {
			t.Fatal(err)
		}
		_, text, _ = strings.Cut(tt.line, " ")
		changed := append([]string{}, lines...)
		if n > len(changed) {
			changed = append(changed, text)
		}
		changed[n-1] = text
		s, problems := Parse([]byte(strings.Join(changed, "\n")))
		var all []string
		for _, p := range problems {
			all = append(all, fmt.Sprintf("%d:%d %s %s。%s", p.Line, p.Col, p.Code, p.Msg, p.Advice))
			if p.Msg == "" || p.Advice == "" {
				t.Errorf("%s: no advice: %+v", text, p)
			}
		}
		if len(all) == 0 || !strings.HasPrefix(all[0], tt.want) {
			t.Errorf("%s\n got  %s\n want %s", tt.line, strings.Join(all, "\n      "), tt.want)
		}
		if (s == nil) == (len(problems) > 0 && problems[0].Level == LevelWarning) {
			t.Errorf("%s: scheme %v with %v", tt.line, s != nil, problems)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, src := range map[string][]byte{
		"too_large": bytes.Repeat([]byte("#"), MaxFile+1),
		"empty":     nil,
		"encoding":  []byte("title: \xb2\xe2"),
		"too_many":  []byte("a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40)),
		"anchor":    []byte("a: &x [1]\nb: [*x, *x]\n"),
		"type":      []byte("just text"),
		"key":       []byte("? [a]\n: b\n"),
	} {
		s, problems := Parse(src)
		if s != nil || len(problems) == 0 || problems[0].Code != name {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	for name, unit := range map[string]string{
		"keys": "", "documents": "---\na\n", "lists": "- \n", "brackets": "[", "bombs": "- &a [*a]\n", "quotes": "\"x ", "blank": "\n", "colons": "a: ",
	} {
		src := strings.Repeat(unit, MaxFile/max(len(unit), 1))
		if name == "keys" {
			var b strings.Builder
			for i := 0; b.Len() < MaxFile-20; i++ {
				fmt.Fprintf(&b, "k%d: v\n", i)
			}
			src = b.String()
		}
		start := time.Now()
		s, problems := Parse([]byte(src))
		if s != nil || len(problems) == 0 || len(problems) > maxProblems {
			t.Errorf("%s: %d problems", name, len(problems))
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// TestNestingIsBounded shows that a file of ordinary size, nested as deeply as it can be, is refused without the work and
// memory that grow with the square of its depth. Bytes are counted, not seconds, so that a busy machine does not fail it.
func TestNestingIsBounded(t *testing.T) {
	var ladder strings.Builder
	for i := 0; ladder.Len() < maxPrecise-1000; i++ {
		ladder.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, src := range map[string]string{
		"brackets":         strings.Repeat("[", maxPrecise),
		"brackets_allowed": strings.Repeat("[", maxBrackets),
		"braces":           strings.Repeat("{a: ", maxPrecise/4),
		"lines":            strings.Repeat("[\n", maxPrecise/2),
		"closed":           strings.Repeat("[]", maxPrecise/4) + strings.Repeat("[", maxPrecise/2),
		"lists":            strings.Repeat("- ", maxPrecise/2),
		"lists_with_tabs":  strings.Repeat("-\t", maxPrecise/2),
		"ladder":           ladder.String() + "[",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, problems := Parse([]byte(src))
		runtime.ReadMemStats(&after)
		if s != nil || len(problems) == 0 {
			t.Errorf("%s: not refused", name)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 200 {
			t.Errorf("%s took %d MB", name, used)
		}
	}
}

func TestParseIsExact(t *testing.T) {
	src := strings.Replace(village, "points: 7.5", "points: 0.10", 1)
	s, problems := Parse([]byte(src))
	if s == nil {
		t.Fatal(problems)
	}
	if it, _ := s.Item("once"); it.Value.Points != 10 || it.Words.Value != "每次0.1分" || it.Words.Caps != "累计最多1次" {
		t.Errorf("%+v", it)
	}
	crlf, problems := Parse([]byte("\xef\xbb\xbf" + strings.ReplaceAll(village, "\n", "\r\n")))
	if crlf == nil {
		t.Error(problems)
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	s := parseVillage(t)
	for code, want := range map[string]string{
		"sweep": "每次2分|每月最多3分|不用证明材料|记上就生效", "litter": "每次扣10分||不用证明材料|要另一个人审核",
		"gift": "1—20分||不用证明材料|要另一个人审核", "check": "清洁5分、脏乱扣5分||不用证明材料|要另一个人审核",
		"help": "2小时以内（含）1分，2小时以上2分||不用证明材料|要另一个人审核", "burn": "每次扣5分|每年最多扣8分|不用证明材料|要另一个人审核",
	} {
		it, _ := s.Item(code)
		if got := it.Words.Value + "|" + it.Words.Caps + "|" + it.Words.Evidence + "|" + it.Words.Review; got != want {
			t.Errorf("%s: %s", code, got)
		}
	}
	luoyu := template(t, "luoyu")
	it, _ := luoyu.Item("tiyu_zuzhi")
	if it.Words.Evidence != "证书或通知书和照片" {
		t.Error(it.Words.Evidence)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(village))
	f.Add([]byte(everything(f)))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("- - - ? : [{"))
	f.Add([]byte("format: 1\ntitle: 甲\nsubject: person\nwallets: []\nclasses: []\nitems: [{code: a}]"))
	f.Add([]byte("name：张三\n\tx"))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, problems := Parse(src)
		if s == nil && len(problems) == 0 {
			t.Fatal("neither scheme nor problem")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.Msg == "" || p.Advice == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// BenchmarkParse250Items reads a village's large table, all kinds of items among them.
func BenchmarkParse250Items(b *testing.B) {
	full := everything(b)
	at, end := strings.Index(full, "  - {code: sweep"), strings.Index(full, "\nrounds:\n")
	items := full[at:end]
	var src strings.Builder
	src.WriteString(full[:end])
	for i := 1; i < 13; i++ {
		more := strings.NewReplacer("{code: ", fmt.Sprintf("{code: c%d", i), "- code: ", fmt.Sprintf("- code: c%d", i), "name: ", fmt.Sprintf("name: %d号", i), ", own: true", "")
		src.WriteString("\n" + more.Replace(items))
	}
	src.WriteString(full[end:])
	b.ReportAllocs()
	for b.Loop() {
		if s, problems := Parse([]byte(src.String())); s == nil {
			b.Fatal(problems)
		}
	}
}
