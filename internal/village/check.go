package village

import (
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/errs"
)

const (
	badNumber   = "户编号应为1到20个字母、数字或汉字，例如 001 或 3组-12"
	badName     = "姓名应为1到30个字，不能有数字和符号"
	badRelation = "与户主关系应为1到8个字，例如 户主、配偶、儿子"
	badFlag     = "标签每个1到12个字，最多20个，不能有符号"
)

// checkHousehold checks a household that is to be entered and brings its members into their stored form.
func checkHousehold(n *NewHousehold, today clock.Day) ([]person, error) {
	var fields []errs.Field
	bad := func(path, msg string) { fields = append(fields, errs.Field{Path: path, Msg: msg}) }
	if !goodNumber(n.Number) {
		bad("number", badNumber)
	}
	if n.Group == 0 {
		bad("group_id", "请选择村民小组")
	}
	if !enterable(n.Status) {
		bad("status", "没有这种状态")
	}
	if !goodFlags(n.Flags) {
		bad("flags", badFlag)
	}
	if len(n.Members) > MaxMembers {
		return nil, ErrInvalid.WithFields(errs.Field{Path: "members", Msg: fmt.Sprintf("一户最多%d人", MaxMembers)})
	}
	heads := 0
	members := make([]person, 0, len(n.Members))
	idnos := map[string]bool{}
	for i, m := range n.Members {
		p, wrong := checkMember(m, today, fmt.Sprintf("members[%d].", i))
		fields = append(fields, wrong...)
		if p.idno != "" && idnos[p.idno] {
			bad(fmt.Sprintf("members[%d].idno", i), "身份证号与本户另一人相同")
		}
		idnos[p.idno] = true
		if m.Relation == Head {
			heads++
		}
		members = append(members, p)
	}
	if heads != 1 {
		bad("members", fmt.Sprintf("每户要有且只有一位户主，现在有%d位", heads))
	}
	if fields != nil {
		return nil, ErrInvalid.WithFields(fields...)
	}
	return members, nil
}

// earliestBirth is before the birth of anybody who lives: earlier days are slips of the pen.
const earliestBirth clock.Day = 19000101

// checkMember checks a person; paths of wrong fields begin with prefix.
func checkMember(n NewMember, today clock.Day, prefix string) (p person, fields []errs.Field) {
	bad := func(path, msg string) { fields = append(fields, errs.Field{Path: prefix + path, Msg: msg}) }
	p = person{name: n.Name, relation: n.Relation, born: n.BornOn, status: n.Status, flags: n.Flags}
	if !goodName(n.Name) {
		bad("name", badName)
	}
	if !goodLabel(n.Relation, 8) {
		bad("relation", badRelation)
	}
	if n.Phone != "" {
		var problem string
		if p.phone, problem = parsePhone(n.Phone); problem != "" {
			bad("phone", problem)
		}
	}
	if n.IDNo != "" {
		no, born, problem := parseIDNo(n.IDNo, today)
		switch {
		case problem != "":
			bad("idno", problem)
		case p.born != 0 && p.born != born:
			bad("born_on", "出生日期与身份证号里的不一致")
		}
		p.idno, p.born = no, born
	}
	if p.born != 0 && (!p.born.Valid() || p.born < earliestBirth || p.born > today) {
		bad("born_on", "出生日期不对：应在1900年以后，且不能晚于今天")
	}
	if !enterable(n.Status) {
		bad("status", "没有这种状态")
	}
	if !goodFlags(n.Flags) {
		bad("flags", badFlag)
	}
	return p, fields
}

// enterable are the statuses a person may set; moving away, death and dissolution go by succession.
func enterable(status string) bool {
	return slices.Contains([]string{"", Resident, Away, Suspended}, status)
}

func goodFlags(flags []string) bool {
	if len(flags) > maxFlags {
		return false
	}
	for i, f := range flags {
		if !goodLabel(f, 12) || slices.Contains(flags[:i], f) {
			return false
		}
	}
	return true
}
