package httpapi

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"hefen/internal/errs"
)

// speakChinese sets the texts of the validator, which reads them when operations are registered.
func speakChinese() {
	for target, text := range map[*string]string{
		&validation.MsgUnexpectedProperty:                "没有这一项，请删去",
		&validation.MsgExpectedRFC3339DateTime:           "请填写时间，如 2026-11-21T08:00:00+08:00",
		&validation.MsgExpectedRFC3339Date:               "请填写日期，如 2026-11-21",
		&validation.MsgExpectedRFC3339Time:               "请填写时间，如 08:00:00",
		&validation.MsgExpectedMatchAtLeastOneSchema:     "填写的内容不符合要求",
		&validation.MsgExpectedMatchExactlyOneSchema:     "填写的内容不符合要求",
		&validation.MsgExpectedNotMatchSchema:            "填写的内容不符合要求",
		&validation.MsgExpectedPropertyNameInObject:      "填写的内容不符合要求",
		&validation.MsgExpectedBoolean:                   "请填写是或否（true 或 false）",
		&validation.MsgExpectedNumber:                    "请填写数字",
		&validation.MsgExpectedInteger:                   "请填写整数",
		&validation.MsgExpectedString:                    "请填写文字",
		&validation.MsgExpectedBase64String:              "文件内容的编码有误，请重新选择文件",
		&validation.MsgExpectedArray:                     "请填写列表",
		&validation.MsgExpectedObject:                    "填写的内容不符合要求",
		&validation.MsgExpectedArrayItemsUnique:          "有重复的内容，请删去重复的",
		&validation.MsgExpectedOneOf:                     "只能是其中之一：“%s”",
		&validation.MsgExpectedMinimumNumber:             "不能小于 %v",
		&validation.MsgExpectedExclusiveMinimumNumber:    "必须大于 %v",
		&validation.MsgExpectedMaximumNumber:             "不能大于 %v",
		&validation.MsgExpectedExclusiveMaximumNumber:    "必须小于 %v",
		&validation.MsgExpectedNumberBeMultipleOf:        "必须是 %v 的倍数",
		&validation.MsgExpectedMinLength:                 "至少 %d 个字",
		&validation.MsgExpectedMaxLength:                 "最多 %d 个字",
		&validation.MsgExpectedBePattern:                 "格式不对，应为 %s",
		&validation.MsgExpectedMatchPattern:              "格式不对，应符合 %s",
		&validation.MsgExpectedMinItems:                  "至少 %d 项",
		&validation.MsgExpectedMaxItems:                  "最多 %d 项，请分几次提交",
		&validation.MsgExpectedMinProperties:             "至少 %d 项",
		&validation.MsgExpectedMaxProperties:             "最多 %d 项",
		&validation.MsgExpectedRequiredProperty:          "必须填写 %s",
		&validation.MsgExpectedDependentRequiredProperty: "必须填写 %s（因为填写了 %s）",
	} {
		*target = text
	}
}

// plain are the parser's own texts that it does not let us set; the first that the text begins with is taken.
var plain = []struct{ begins, text string }{
	{"required", "必须填写"},
	{"request body is required", "没有内容，请填写后再提交"},
	{"invalid integer", "请填写整数"},
	{"invalid float", "请填写数字"},
	{"invalid boolean", "请填写 true 或 false"},
	{"invalid date", "请填写日期，如 2026-11-21"},
	{"unknown query parameter", "没有这个参数，请删去"},
	{"id ", "编号有误，应为一串数字"},
	{"day ", "请填写日期，如 2026-11-21"},
	{"span ", "请填写年份或月份，如 2026 或 2026-11"},
	{"unexpected end of JSON", "内容不完整，请重新提交"},
	{"invalid character", "内容不是正确的 JSON，请重新提交"},
	{"json: cannot unmarshal number", "数字太大或不是整数，请改正"},
	{"File required", "请选择要上传的文件"},
	{"cannot read multipart form", "文件没有传完整，请重新选择文件上传"},
	{"unknown content type", "内容的格式不对，应为 application/json"},
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
		fields = append(fields, errs.Field{Path: fieldPath(detail.Location), Msg: inChinese(detail.Message)})
	}
	return fields
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
