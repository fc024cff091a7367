package scheme

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"hefen/internal/points"
)

const num = `([0-9]{1,6}(?:\.[0-9]{1,2})?)`

var (
	wide       = strings.NewReplacer("＋", "+", "－", "-", "—", "-", "–", "-", "−", "-", "～", "-", "~", "-", "至", "-", "到", "-", "，", ",", "；", ",", ";", ",", "、", ",", "／", "/", "。", "", " ", "", "\u3000", "", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9", "０", "0", "．", ".")
	fixedCell  = regexp.MustCompile(`^(?:每次)?(扣|减|-|加|计|记|\+)?` + num + `分?(?:/次|每次|一次)?$`)
	rangeCell  = regexp.MustCompile(`^(?:每次)?(扣|减|加|计|记|\+)?` + num + `分?-` + num + `分?(?:/次)?$`)
	minusRange = regexp.MustCompile(`^-` + num + `分?--` + num + `分?$`)
	perCell    = regexp.MustCompile(`^每(小时|天|日|公斤|斤|人|个|处|户|件|袋|棵|株|张|篇|亩|元)(扣|减|-|加|计|记|\+)?` + num + `分$`)
	slashCell  = regexp.MustCompile(`^(扣|减|-|加|计|记|\+)?` + num + `分/(小时|天|日|公斤|斤|人|个|处|户|件|袋|棵|株|张|篇|亩|元)$`)
	capCell    = regexp.MustCompile(`^(?:每)?(天|日|周|月|季度|季|半年|年|终身|一生)?(?:最多|不超过|上限|封顶|最高|限)?` + num + `(分|次)?(?:封顶|为限)?$`)
	perOf      = map[string]string{"天": "day", "日": "day", "周": "week", "月": "month", "季度": "quarter", "季": "quarter", "半年": "half", "年": "year", "终身": "life", "一生": "life"}
)

// readRow makes an item of a row, or says why a person must do so.
func readRow(name string, cell func(int) string) (it rowItem, why string) {
	it.Name = name
	switch {
	case name == "":
		return it, "没有写事项名称"
	case utf8.RuneCountInString(name) > 40:
		return it, "事项名称超过40个字"
	case utf8.RuneCountInString(cell(colNote)) > 200:
		return it, "备注超过200个字"
	}
	it.Hint = cell(colNote)
	value, caps, _ := strings.Cut(wide.Replace(cell(colPoints)), ",")
	if why := it.readPoints(value); why != "" {
		return it, "分值“" + short(cell(colPoints)) + "”" + why
	}
	var limits []string
	if caps != "" {
		c, ok := readCap(caps, "")
		if !ok {
			return it, "分值“" + short(cell(colPoints)) + "”后面的上限看不懂"
		}
		limits = append(limits, c)
	}
	written, per := wide.Replace(cell(colCap)), strings.TrimPrefix(wide.Replace(cell(colPer)), "每")
	switch {
	case written != "":
		c, ok := readCap(written, per)
		if !ok {
			return it, "上限“" + short(cell(colCap)) + "”和周期“" + short(cell(colPer)) + "”看不懂，请写明每月、每年等和几分、几次"
		}
		limits = append(limits, c)
	case per != "":
		c, ok := readCap(per, "")
		if !ok || !strings.HasSuffix(per, "次") {
			return it, "周期“" + short(cell(colPer)) + "”没有写上限，请写明最多几分或几次"
		}
		limits = append(limits, c)
	}
	if len(limits) > 0 {
		it.Caps = flow("[" + strings.Join(limits, ", ") + "]")
	}
	if it.Evidence, why = readEvidence(cell(colEvidence)); why != "" {
		return it, why
	}
	return it, ""
}

// readPoints reads the value of a cell: 5, +5, -10, 扣10分, 5分/次, 1-20, 每小时2分.
func (it *rowItem) readPoints(s string) (why string) {
	if m := fixedCell.FindStringSubmatch(s); m != nil {
		a, err := signedPoints(m[1], m[2])
		if err != nil || a == 0 || a.Abs() > 100_000*points.Point {
			return "是0，或太大"
		}
		it.Points = flow(a.String())
		return ""
	}
	if m := rangeCell.FindStringSubmatch(s); m != nil {
		return it.readRange(m[1], m[2], m[3])
	}
	if m := minusRange.FindStringSubmatch(s); m != nil {
		return it.readRange("-", m[1], m[2])
	}
	m := perCell.FindStringSubmatch(s)
	if m == nil {
		if m = slashCell.FindStringSubmatch(s); m == nil {
			return "看不懂，请按细则说明填写"
		}
		m = []string{"", m[3], m[1], m[2]}
	}
	a, err := signedPoints(m[2], m[3])
	if err != nil || a == 0 || a.Abs() > 100_000*points.Point {
		return "是0，或太大"
	}
	it.PerUnit = flow("{unit: " + m[1] + ", points: " + a.String() + "}")
	return ""
}

func (it *rowItem) readRange(sign, from, to string) (why string) {
	a, err1 := signedPoints(sign, from)
	b, err2 := signedPoints(sign, to)
	if err1 != nil || err2 != nil || max(a.Abs(), b.Abs()) > 100_000*points.Point || a == b {
		return "的范围不对"
	}
	it.Range = flow("{from: " + min(a, b).String() + ", to: " + max(a, b).String() + "}")
	return ""
}

func signedPoints(sign, digits string) (points.Amount, error) {
	a, err := points.Parse(trimZeros(digits, 2))
	if sign == "扣" || sign == "减" || sign == "-" {
		a = -a
	}
	return a, err
}

// readCap reads 每月最多10分, 10 (the period in its own column), 1次/年 and the like. Without a period it is no limit.
func readCap(s, per string) (string, bool) {
	if head, tail, ok := strings.Cut(s, "/"); ok {
		s, per = head, strings.TrimPrefix(tail, "每")
	}
	m := capCell.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	code := perOf[orElse(m[1], per)]
	if code == "" || m[1] != "" && per != "" && perOf[per] != perOf[m[1]] {
		return "", false
	}
	if m[3] == "次" {
		n, err := strconv.Atoi(m[2])
		return "{per: " + code + ", times: " + m[2] + "}", err == nil && n >= 1 && n <= 10_000
	}
	a, err := points.Parse(trimZeros(m[2], 2))
	return "{per: " + code + ", points: " + a.String() + "}", err == nil && a > 0
}

var evidenceCells = []struct{ word, kind string }{
	{"照片", EvidencePhoto}, {"拍照", EvidencePhoto}, {"证书", EvidenceCertificate}, {"通知书", EvidenceCertificate}, {"文件", EvidenceCertificate},
	{"双方", EvidenceBoth}, {"签字", EvidenceSignature}, {"签名", EvidenceSignature},
}

func readEvidence(s string) (kinds []string, why string) {
	if s == "" || s == "无" || s == "无需" || s == "不需要" {
		return nil, ""
	}
	for _, e := range evidenceCells {
		if strings.Contains(s, e.word) && !slices.Contains(kinds, e.kind) {
			kinds = append(kinds, e.kind)
		}
	}
	switch {
	case len(kinds) == 0:
		return nil, "证明“" + short(s) + "”看不懂，可写照片、证书、双方确认、签字"
	case len(kinds) > 1 && !strings.ContainsAny(s, "或/"):
		return nil, "证明“" + short(s) + "”有几样，请写明是都要还是有一样就行（用“或”）"
	}
	return kinds, ""
}

// flow is a piece of the file on one line.
func flow(text string) yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		panic(err) // made of parts that are checked
	}
	return *doc.Content[0]
}

// plainText keeps what a person can see of a cell, on one line.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
