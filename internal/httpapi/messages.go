package httpapi

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"hefen/internal/errs"
)

// missing begins the validator's text of what was left out; the program's name of it follows, and fieldsOf takes it for the path.
const missing = "没有填写："

// speakChinese sets the texts of the validator, which reads them when operations are registered. None of them tells choices or
// patterns: those are the program's words.
func speakChinese() {
	huma.ErrorFormatter = func(format string, args ...any) string {
		if !strings.Contains(format, "%") {
			return format
		}
		for i, a := range args {
			if f, ok := a.(float64); ok { // %v would write a million as 1e+06
				args[i] = strconv.FormatFloat(f, 'f', -1, 64)
			}
		}
		return fmt.Sprintf(format, args[:strings.Count(format, "%")]...)
	}
	for target, text := range map[*string]string{
		&validation.MsgUnexpectedProperty:                "多了一项不认识的内容，请更新后再试",
		&validation.MsgExpectedRFC3339DateTime:           "请填写日期和时间，如 2026-11-21 08:00",
		&validation.MsgExpectedRFC3339Date:               "请填写日期，如 2026-11-21",
		&validation.MsgExpectedRFC3339Time:               "请填写时间，如 08:00:00",
		&validation.MsgExpectedMatchAtLeastOneSchema:     "填写的内容不符合要求",
		&validation.MsgExpectedMatchExactlyOneSchema:     "填写的内容不符合要求",
		&validation.MsgExpectedNotMatchSchema:            "填写的内容不符合要求",
		&validation.MsgExpectedPropertyNameInObject:      "填写的内容不符合要求",
		&validation.MsgExpectedBoolean:                   "请选择是或否",
		&validation.MsgExpectedNumber:                    "请填写数字",
		&validation.MsgExpectedInteger:                   "请填写整数",
		&validation.MsgExpectedString:                    "请填写文字",
		&validation.MsgExpectedBase64String:              "文件内容的编码有误，请重新选择文件",
		&validation.MsgExpectedArray:                     "填写的内容不符合要求，请返回重新填写",
		&validation.MsgExpectedObject:                    "填写的内容不符合要求",
		&validation.MsgExpectedArrayItemsUnique:          "有重复的内容，请删去重复的",
		&validation.MsgExpectedOneOf:                     "不在可以选的范围里，请重新选择",
		&validation.MsgExpectedMinimumNumber:             "不能小于 %v",
		&validation.MsgExpectedExclusiveMinimumNumber:    "必须大于 %v",
		&validation.MsgExpectedMaximumNumber:             "不能大于 %v",
		&validation.MsgExpectedExclusiveMaximumNumber:    "必须小于 %v",
		&validation.MsgExpectedNumberBeMultipleOf:        "必须是 %v 的倍数",
		&validation.MsgExpectedMinLength:                 "至少 %d 个字",
		&validation.MsgExpectedMaxLength:                 "最多 %d 个字",
		&validation.MsgExpectedBePattern:                 "格式不对，请检查后重新填写",
		&validation.MsgExpectedMatchPattern:              "格式不对，请检查后重新填写",
		&validation.MsgExpectedMinItems:                  "至少 %d 项",
		&validation.MsgExpectedMaxItems:                  "最多 %d 项，请分几次提交",
		&validation.MsgExpectedMinProperties:             "至少 %d 项",
		&validation.MsgExpectedMaxProperties:             "最多 %d 项",
		&validation.MsgExpectedRequiredProperty:          missing + "%s",
		&validation.MsgExpectedDependentRequiredProperty: missing + "%s",
	} {
		*target = text
	}
}

// plain are the parser's own texts that it does not let us set; the first that the text begins with is taken.
var plain = []struct{ begins, text string }{
	{"required", "没有填写，请补上"},
	{"request body is required", "没有内容，请填写后再提交"},
	{"invalid integer", "请填写整数"},
	{"invalid float", "请填写数字"},
	{"invalid boolean", "请选择是或否"},
	{"invalid date", "请填写日期，如 2026-11-21"},
	{"unknown query parameter", "有一个查找条件不认识，请更新后再试"},
	{"id ", "没有选中要办理的那一个，请返回上一页重新选择"},
	{"day ", "请填写日期，如 2026-11-21"},
	{"span ", "请填写年份或月份，如 2026 或 2026-11"},
	{"unexpected end of JSON", "内容不完整，请重新提交"},
	{"invalid character", "内容在传送中坏了，请重新提交一次"},
	{"json: cannot unmarshal number", "数字太大或不是整数，请改小一些"},
	{"File required", "请选择要上传的文件"},
	{"cannot read multipart form", "文件没有传完整，请重新选择文件上传"},
	{"unknown content type", "内容的格式不对，请更新后再试"},
}

// fieldsOf names the wrong inputs without repeating what was sent.
func fieldsOf(details []error) []errs.Field {
	var fields []errs.Field
	for _, d := range details {
		var detail *huma.ErrorDetail
		if x, ok := d.(huma.ErrorDetailer); ok {
			detail = x.ErrorDetail()
		} else if d != nil {
			detail = &huma.ErrorDetail{Message: d.Error()}
		} else {
			continue
		}
		fields = append(fields, fieldOf(detail))
	}
	return fields
}

// fieldOf names the input as people call it, if they have a word for it: 数量：不能小于 1.
func fieldOf(d *huma.ErrorDetail) errs.Field {
	path, msg := fieldPath(d.Location), inChinese(d.Message)
	if name, ok := strings.CutPrefix(msg, missing); ok {
		path, msg = strings.TrimPrefix(path+"."+name, "."), "没有填写，请补上"
	}
	last := path[strings.LastIndexByte(path, '.')+1:]
	if i := strings.IndexByte(last, '['); i > 0 {
		last = last[:i]
	}
	if word, ok := inputs[last]; ok {
		msg = word + "：" + msg
	}
	return errs.Field{Path: path, Msg: msg}
}

// fieldPath drops where the input stood: body.items[2].day is items[2].day, path.village is village.
func fieldPath(location string) string {
	_, rest, ok := strings.Cut(location, ".")
	if !ok {
		return ""
	}
	return rest
}

// inChinese passes on the texts of speakChinese, which all begin with a Chinese character. The parser's own texts may
// quote what was sent, in Chinese or not: they are replaced.
func inChinese(msg string) string {
	if r, _ := utf8.DecodeRuneInString(msg); unicode.Is(unicode.Han, r) {
		return msg
	}
	msg = strings.TrimPrefix(msg, "invalid value: ")
	for _, p := range plain {
		if strings.HasPrefix(msg, p.begins) {
			return p.text
		}
	}
	return "填写有误，请检查"
}
